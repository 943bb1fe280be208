"""/api/orders, as a client meets it."""

import json
from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from django.test import Client, TransactionTestCase

from shop.models import Order, Product


class ApiTest(TransactionTestCase):
    databases = {"default", "replica"}

    def setUp(self) -> None:
        self.product = Product.objects.create(
            slug="mug", name="Mug", description="Holds tea.", price_cents=1450, picture="mug"
        )

    def post(self, body: object, **headers: str):
        text = body if isinstance(body, str) else json.dumps(body)
        return Client().post(
            "/api/orders", text, content_type="application/json", headers=headers or None
        )

    def order(self, **changes: object) -> dict[str, object]:
        return {"product": self.product.pk, "quantity": 2, "customer": "Ada"} | changes

    def test_an_order_is_made_and_found(self) -> None:
        made = self.post(self.order())
        self.assertEqual(made.status_code, 201)
        self.assertEqual(made.json()["totalCents"], 2900)
        self.assertEqual(
            made.json()["lines"], [{"product": "mug", "quantity": 2, "unitPriceCents": 1450}]
        )
        found = self.client.get(made["Location"])
        self.assertEqual(found.json(), made.json())
        self.assertEqual(self.client.get("/api/orders").json()["orders"], [made.json()])

    def test_a_product_by_slug(self) -> None:
        self.assertEqual(self.post(self.order(product="mug")).status_code, 201)

    def test_the_same_key_is_the_same_order(self) -> None:
        headers = {"Idempotency-Key": "k-1"}
        first, second = self.post(self.order(), **headers), self.post(self.order(), **headers)
        self.assertEqual((first.status_code, second.status_code), (201, 200))
        self.assertEqual(first.json(), second.json())
        for change in ({"quantity": 3}, {"customer": "Bea"}):
            other = self.post(self.order(**change), **headers)
            self.assertEqual(other.status_code, 422)
        self.assertEqual(Order.objects.count(), 1)

    def test_the_same_key_at_once_is_one_order(self) -> None:
        def send(_: int) -> tuple[int, int]:
            try:
                answer = self.post(self.order(), **{"Idempotency-Key": "k-2"})
                return answer.status_code, answer.json()["id"]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, range(24)))
        self.assertEqual(sorted({status for status, _ in answers}), [200, 201])
        self.assertEqual(len({pk for _, pk in answers}), 1)
        self.assertEqual(Order.objects.count(), 1)

    def test_wrong_requests_are_told_what_is_wrong(self) -> None:
        wrong = {
            "{": None,
            "[]": None,
            "[" * 20_000: None,
            '"x"': None,
            json.dumps({}): "customer",
            json.dumps(self.order(colour="red")): "colour",
            **{
                json.dumps(self.order(**{field: value})): field
                for field, values in {
                    "quantity": (0, -1, 100, 1.5, "1", True, None, 10**30),
                    "customer": ("", "  ", "x" * 81, "a\0b", "\ud800", 5, None, ["Ada"]),
                    "product": (0, -1, 999_999, 2**63, 10**30, "nope", "\0", None, True, [1]),
                }.items()
                for value in values
            },
        }
        for body, field in wrong.items():
            with self.subTest(body[:60]):
                answer = self.post(body)
                self.assertEqual(answer.status_code, 400)
                self.assertEqual(answer.json().get("field"), field)
        self.assertEqual(self.post(self.order(customer="x" * 70_000)).status_code, 400)
        self.assertEqual(self.post(self.order(), **{"Idempotency-Key": " "}).status_code, 400)
        self.assertEqual(Order.objects.count(), 0)

    def test_pages_newest_first(self) -> None:
        made = [self.post(self.order()).json()["id"] for _ in range(5)]
        address, seen = "/api/orders?limit=2", []
        while address:
            page = self.client.get(address).json()
            seen += [order["id"] for order in page["orders"]]
            address = page["next"]
        self.assertEqual(seen, made[::-1])
        for query in ("limit=0", "limit=201", "limit=x", "before=-1", "before=" + "9" * 30):
            self.assertEqual(self.client.get(f"/api/orders?{query}").status_code, 400, query)

    def test_what_is_not_there_and_what_is_not_allowed(self) -> None:
        self.assertEqual(self.client.get("/api/orders/1").status_code, 404)
        self.assertEqual(self.client.get(f"/api/orders/{10**25}").status_code, 404)
        for address in ("/api/orders", "/api/orders/1"):
            answer = self.client.delete(address)
            self.assertEqual(answer.status_code, 405)
            self.assertIn("GET", answer["Allow"])
