"""Users, products, orders."""

from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse

MAX_QUANTITY = 99


def euros(cents: int) -> str:
    """1250 -> "€12.50"."""
    return f"€{cents // 100}.{cents % 100:02d}"


class User(AbstractUser):
    """Who orders: staff with a password, guests of the web page, customers of the API.

    Guests are named after the random identity in their session cookie ("guest-<uuid>"),
    customers of the API by the name they give ("api-<name>"); neither can log in.
    """

    class Meta:
        db_table = "users"

    def __str__(self) -> str:
        return self.first_name or self.username


class Product(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200)
    price_cents = models.PositiveIntegerField("price in euro cents")
    # The id of a symbol in static/shop/products.svg.
    picture = models.SlugField()
    # Hidden products stay in the orders that have them.
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "products"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    @property
    def price(self) -> str:
        return euros(self.price_cents)


class Order(models.Model):
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="orders")
    created = models.DateTimeField(auto_now_add=True)
    # The same key twice is the same order: a double click, a client that tries again.
    idempotency_key = models.CharField(max_length=200, unique=True, null=True, blank=True)
    total_cents = models.PositiveBigIntegerField("total in euro cents")

    class Meta:
        db_table = "orders"
        ordering = ("-id",)
        indexes = (models.Index(fields=("user", "-id"), name="orders_user_newest"),)

    def __str__(self) -> str:
        return f"Order {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("order", args=(self.pk,))

    @property
    def total(self) -> str:
        return euros(self.total_cents)


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lines")
    quantity = models.PositiveSmallIntegerField(validators=(MinValueValidator(1),))
    # What it cost when it was ordered.
    unit_price_cents = models.PositiveIntegerField("price at the time in euro cents")

    class Meta:
        db_table = "order_lines"
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=MAX_QUANTITY),
                name="order_lines_quantity",
            ),
            models.UniqueConstraint(fields=("order", "product"), name="order_lines_once"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def total(self) -> str:
        return euros(self.quantity * self.unit_price_cents)
