"""The goods the shop opens with. Prices in euro cents."""

from django.db import migrations

# slug, name, description, price, picture
PRODUCTS = (
    ("enamel-mug", "Enamel mug", "Survives the rocks it will be dropped on.", 1450, "mug"),
    (
        "sea-salt",
        "Sea salt",
        "Flakes from an open pan, 250\N{NO-BREAK SPACE}g in a glass jar.",
        690,
        "salt",
    ),
    ("kelp-soap", "Kelp soap", "Cold-stirred, smells of low tide and mint.", 820, "soap"),
    (
        "storm-lantern",
        "Storm lantern",
        "Burns on through gusts, one filling a night.",
        4900,
        "lantern",
    ),
    ("wool-cap", "Wool cap", "Double-knit, with room for ears.", 2950, "cap"),
    ("rope-mat", "Rope mat", "Wound by hand from retired mooring line.", 3800, "rope"),
    (
        "brass-compass",
        "Brass compass",
        "Points north, also in the kitchen drawer.",
        5600,
        "compass",
    ),
    ("canvas-bag", "Canvas bag", "Carries a week's shopping or a small anchor.", 2400, "bag"),
    (
        "field-notebook",
        "Field notebook",
        "Stone paper: rain runs off, pencil stays.",
        1150,
        "notebook",
    ),
    ("tide-clock", "Tide clock", "One hand, twelve hours and twenty-five minutes.", 7200, "clock"),
    (
        "seaweed-crackers",
        "Seaweed crackers",
        "Rye, dulse and sesame, 200\N{NO-BREAK SPACE}g.",
        540,
        "crackers",
    ),
    (
        "oilskin-jacket",
        "Oilskin jacket",
        "Waxed cotton, taped seams, deep pockets.",
        18900,
        "jacket",
    ),
)


def stock(apps, schema_editor):
    product = apps.get_model("shop", "Product")
    product.objects.using(schema_editor.connection.alias).bulk_create(
        product(slug=slug, name=name, description=text, price_cents=price, picture=picture)
        for slug, name, text, price, picture in PRODUCTS
    )


class Migration(migrations.Migration):
    dependencies = (("shop", "0001_initial"),)
    operations = (migrations.RunPython(stock, migrations.RunPython.noop),)
