"""The pages. They work without JavaScript; a visit without an order writes nothing."""

import uuid

from django.conf import settings
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from routing import state
from routing.repeat import keyed
from shop.forms import OrderForm
from shop.models import Order, Product
from shop.orders import KeyReused, find_order, place_order

ORDERS_SHOWN = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@keyed(field="key")
def home(request: HttpRequest) -> HttpResponse:
    """The products, and the form that orders them."""
    visitor = request.session.setdefault("visitor", str(uuid.uuid4()))
    with state.reading() as alias:
        products = list(Product.objects.filter(active=True))
        served = served_by(request, alias)
    if request.method != "POST":
        form = OrderForm(products, initial=_fresh_form(request))
        return render(request, "shop/home.html", {"form": form, **served})
    form = OrderForm(products, request.POST)
    if form.is_valid():
        name, key = form.cleaned_data["name"], str(form.cleaned_data["key"])
        try:
            order, _ = place_order(f"guest-{visitor}", name, form.quantities(), key)
            request.session["name"] = name
            return redirect(order)
        except Product.DoesNotExist:
            form.add_error(None, "One of these has just sold out. Please look again.")
        except KeyReused:
            form.add_error(None, "This form was sent before with another choice: see My orders.")
            form.data = {**form.data.dict(), "key": str(uuid.uuid4())}
    return render(request, "shop/home.html", {"form": form, **served}, status=422)


@never_cache
@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """The visitor's own orders, newest first."""
    with state.reading() as alias:
        orders = Order.objects.filter(user__username=_username(request))
        orders = list(orders.prefetch_related("lines__product")[:ORDERS_SHOWN])
        served = served_by(request, alias)
    return render(request, "shop/orders.html", {"orders": orders, **served})


@never_cache
@require_safe
def order_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One of the visitor's own orders; anybody else's does not exist for them."""

    def read(alias: str) -> dict[str, object] | None:
        order = find_order(pk, user__username=_username(request))
        return {"order": order, **served_by(request, alias)} if order else None

    found = state.find(read)
    if found is None:
        raise Http404
    return render(request, "shop/order.html", found)


def _username(request: HttpRequest) -> str:
    return f"guest-{request.session.get('visitor', '')}"


def _fresh_form(request: HttpRequest) -> dict[str, str]:
    return {"name": request.session.get("name", ""), "key": str(uuid.uuid4())}


def served_by(request: HttpRequest, alias: str) -> dict[str, str]:
    """For the footer and X-Database-Role: this instance, the role of what `alias` reached."""
    if not settings.FOOTER:
        return {}
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        (in_recovery,) = cursor.fetchone()
    request.database_role = "replica" if in_recovery else "leader"
    role = "a replica" if in_recovery else "the leader"
    return {"instance": settings.INSTANCE, "role": role, "alias": alias}
