"""/api/orders in JSON.

POST {"product": <id or slug>, "quantity": 1, "customer": "Ada"} -> 201 and the order; with an
Idempotency-Key header, the same request again -> 200 and the same order.
GET ?limit=50&before=<id> -> {"orders": [...newest first...], "next": <address or null>}.
"""

import json
import re
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from routing import state
from routing.repeat import keyed
from shop.models import MAX_QUANTITY, Order, Product
from shop.orders import KeyReused, find_order, place_order

PAGE, LARGEST_PAGE = 50, 200
LARGEST_ID = 2**63 - 1
DIGITS = re.compile("[0-9]{1,19}")
FIELDS = ("product", "quantity", "customer")


class Invalid(Exception):
    """A request that says something we do not take: what is wrong, and in which field."""

    def __init__(self, error: str, field: str | None = None) -> None:
        super().__init__(error)
        self.body = {"error": error} | ({"field": field} if field else {})


@never_cache
@csrf_exempt  # no cookie counts here, so there is nothing to forge
@keyed
def orders(request: HttpRequest) -> JsonResponse:
    try:
        if request.method == "POST":
            return _create(request)
        if request.method in ("GET", "HEAD"):
            return _list(request)
    except Invalid as invalid:
        return JsonResponse(invalid.body, status=400)
    return _not_allowed(request, "GET, HEAD, POST")


@never_cache
@csrf_exempt
def order(request: HttpRequest, pk: int) -> JsonResponse:
    if request.method not in ("GET", "HEAD"):
        return _not_allowed(request, "GET, HEAD")
    found = state.find(lambda alias: find_order(pk))
    if found is None:
        return JsonResponse({"error": f"there is no order {pk}"}, status=404)
    return JsonResponse(_as_json(found))


def _create(request: HttpRequest) -> JsonResponse:
    body = _body(request)
    unknown = sorted(body.keys() - set(FIELDS))
    if unknown:
        raise Invalid(f"unknown field; there are {', '.join(FIELDS)}", unknown[0])
    customer = _text(body.get("customer"), "customer", 80)
    quantity = body.get("quantity")
    if type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid(f"a whole number from 1 to {MAX_QUANTITY}", "quantity")
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        key = _text(key, "Idempotency-Key", 200)
    product = _product(body.get("product"))
    try:
        placed, new = place_order(f"api-{customer}", customer, {product.pk: quantity}, key)
    except Product.DoesNotExist:
        raise Invalid("there is no such product", "product") from None
    except KeyReused:
        error = "this Idempotency-Key was used for another order"
        return JsonResponse({"error": error, "field": "Idempotency-Key"}, status=422)
    response = JsonResponse(_as_json(placed), status=201 if new else 200)
    response["Location"] = reverse("api-order", args=(placed.pk,))
    return response


def _list(request: HttpRequest) -> JsonResponse:
    limit = _number(request, "limit", PAGE, LARGEST_PAGE)
    before = _number(request, "before", None, LARGEST_ID)
    found = Order.objects.select_related("user").prefetch_related("lines__product")
    if before is not None:
        found = found.filter(pk__lt=before)
    with state.reading():
        page = list(found[: limit + 1])
    following = None
    if len(page) > limit:
        page.pop()
        following = f"{reverse('api-orders')}?limit={limit}&before={page[-1].pk}"
    return JsonResponse({"orders": [_as_json(one) for one in page], "next": following})


def _as_json(one: Order) -> dict[str, Any]:
    return {
        "id": one.pk,
        "created": one.created.isoformat(),
        "customer": one.user.first_name,
        "totalCents": one.total_cents,
        "lines": [
            {
                "product": line.product.slug,
                "quantity": line.quantity,
                "unitPriceCents": line.unit_price_cents,
            }
            for line in one.lines.all()
        ],
    }


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except RequestDataTooBig:
        raise Invalid("the body is too large") from None
    except (ValueError, RecursionError):
        raise Invalid("the body is not JSON") from None
    if not isinstance(body, dict):
        raise Invalid(f"the body is not an object with the fields {', '.join(FIELDS)}")
    return body


def _text(value: object, field: str, longest: int) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(text) <= longest or not text.isprintable():
        raise Invalid(f"a text of 1 to {longest} printable characters", field)
    return text


def _product(value: object) -> Product:
    products = Product.objects.filter(active=True)
    found = None
    if type(value) is int and 0 < value <= LARGEST_ID:
        found = products.filter(pk=value)
    elif isinstance(value, str) and value.isprintable():
        found = products.filter(slug=value)
    if found is None:
        raise Invalid("the id or the slug of a product", "product")
    product = state.find(lambda alias: found.first())
    if product is None:
        raise Invalid("there is no such product", "product")
    return product


def _number(request: HttpRequest, name: str, default: int | None, largest: int) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return default
    if not DIGITS.fullmatch(text) or not 1 <= int(text) <= largest:
        raise Invalid(f"a whole number from 1 to {largest}", name)
    return int(text)


def _not_allowed(request: HttpRequest, allowed: str) -> JsonResponse:
    error = f"{request.method} is not allowed here; allowed: {allowed}"
    return JsonResponse({"error": error}, status=405, headers={"Allow": allowed})
