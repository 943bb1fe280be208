"""Placing and finding orders: the rules that the page and the API share."""

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from routing.state import LEADER
from shop.models import Order, OrderLine, Product, User


class KeyReused(Exception):
    """The idempotency key belongs to another order: another customer's, or other goods."""


def place_order(
    username: str, name: str, quantities: dict[int, int], key: str | None
) -> tuple[Order, bool]:
    """The order for `key`, and whether this call made it.

    `quantities` maps product ids to pieces. Raises Product.DoesNotExist for a product that is
    not (or no longer) sold, KeyReused when the key is taken.
    """
    try:
        with transaction.atomic():
            return _create(username, name, quantities, key), True
    except IntegrityError:
        order = Order.objects.using(LEADER).filter(idempotency_key=key).first() if key else None
        if order is None:
            raise
    ordered = dict(order.lines.values_list("product_id", "quantity"))
    if order.user.username != username or ordered != quantities:
        raise KeyReused(key)
    return order, False


def _create(username: str, name: str, quantities: dict[int, int], key: str | None) -> Order:
    user, new = User.objects.get_or_create(
        username=username, defaults={"first_name": name, "password": make_password(None)}
    )
    if not new and user.first_name != name:
        user.first_name = name
        user.save(update_fields=["first_name"])
    products = Product.objects.filter(active=True).in_bulk(quantities)
    missing = sorted(quantities.keys() - products.keys())
    if missing:
        raise Product.DoesNotExist(f"no product {missing[0]}")
    order = Order.objects.create(
        user=user,
        idempotency_key=key,
        total_cents=sum(products[pk].price_cents * pieces for pk, pieces in quantities.items()),
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=products[pk],
            quantity=pieces,
            unit_price_cents=products[pk].price_cents,
        )
        for pk, pieces in quantities.items()
    )
    return order


def find_order(pk: int, **filters: object) -> Order | None:
    """An order with its user, lines and products, from wherever the caller's block reads."""
    orders = Order.objects.filter(pk=pk, **filters)
    return orders.select_related("user").prefetch_related("lines__product").first()
