"""The order form on the front page: a name, and a quantity for each product."""

from django import forms

from shop.models import MAX_QUANTITY, Product


class OrderForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        error_messages={"required": "Tell us your name, so that we know whose order it is."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": "Please send the form again.", "invalid": "Please try again."},
    )

    def __init__(self, products: list[Product], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.products = products
        for product in products:
            self.fields[f"quantity-{product.pk}"] = forms.IntegerField(
                label=f"Quantity of {product.name}",
                required=False,
                min_value=0,
                max_value=MAX_QUANTITY,
                error_messages={
                    "min_value": f"{product.name}: no less than 0.",
                    "max_value": f"{product.name}: at most {MAX_QUANTITY} at a time.",
                    "invalid": f"{product.name}: type a whole number.",
                },
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": "0"}),
            )

    def rows(self) -> list[tuple[Product, forms.BoundField]]:
        """Each product with its quantity field, for the grid."""
        return [(product, self[f"quantity-{product.pk}"]) for product in self.products]

    def quantities(self) -> dict[int, int]:
        """Product ids and pieces, of what was asked for."""
        asked = {p.pk: self.cleaned_data.get(f"quantity-{p.pk}") for p in self.products}
        return {pk: pieces for pk, pieces in asked.items() if pieces}

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not self.quantities():
            raise forms.ValidationError("Choose at least one product: type how many you want.")
        return cleaned
