"""The pages, as a browser without JavaScript meets them."""

import uuid
from unittest.mock import patch

from django.db import OperationalError
from django.test import Client, TransactionTestCase, override_settings

from routing.errors import TooManyWaiting
from shop.models import Order, Product, User
from shop.orders import place_order


class PagesTest(TransactionTestCase):
    databases = {"default", "replica"}

    def setUp(self) -> None:
        self.mug = Product.objects.create(
            slug="mug", name="Mug", description="Holds tea.", price_cents=1450, picture="mug"
        )
        Product.objects.create(
            slug="old", name="Old", description="Gone.", price_cents=1, picture="mug", active=False
        )

    def form(self, **changes: object) -> dict[str, object]:
        filled = {"name": "Ada", "key": str(uuid.uuid4()), f"quantity-{self.mug.pk}": 2}
        return filled | changes

    def test_order_and_find_it(self) -> None:
        page = self.client.get("/")
        self.assertContains(page, "Mug")
        self.assertContains(page, "€14.50")
        self.assertNotContains(page, "Old")
        self.assertContains(page, "(alias replica)")
        form = self.form(key=page.context["form"]["key"].value())
        answer = self.client.post("/", form)
        order = Order.objects.get()
        self.assertRedirects(answer, f"/orders/{order.pk}/")
        with override_settings(ROUTING_SETTLE_SECONDS=3600):
            shown = self.client.get(f"/orders/{order.pk}/")
        self.assertContains(shown, "Thank you, Ada")
        self.assertContains(shown, "€29.00")
        self.assertContains(shown, "(alias default)")  # read your writes
        with override_settings(ROUTING_SETTLE_SECONDS=0):
            shown = self.client.get(f"/orders/{order.pk}/")
        self.assertContains(shown, "(alias replica)")
        self.assertEqual(shown["X-Database-Role"], "leader")  # where that alias leads in tests
        self.assertContains(self.client.get("/orders/"), f"Order {order.pk}")
        self.assertContains(self.client.get("/"), 'value="Ada"')
        self.assertFalse(User.objects.get().has_usable_password())

    def test_a_double_click_is_one_order(self) -> None:
        self.client.get("/")
        form = self.form()
        answers = [self.client.post("/", form) for _ in range(2)]
        self.assertEqual(answers[0].url, answers[1].url)
        self.assertEqual(Order.objects.count(), 1)
        changed = self.client.post("/", form | {f"quantity-{self.mug.pk}": 3})
        self.assertContains(changed, "sent before", status_code=422)
        self.assertEqual(Order.objects.count(), 1)

    def test_others_do_not_see_it(self) -> None:
        self.client.get("/")
        address = self.client.post("/", self.form()).url
        self.assertEqual(Client().get(address).status_code, 404)
        self.assertContains(Client().get("/orders/"), "not ordered anything")

    def test_faults_are_shown_and_the_form_kept(self) -> None:
        quantity = f"quantity-{self.mug.pk}"
        for changes, said in (
            ({"name": ""}, "Tell us your name"),
            ({"name": "a\0b"}, "Null characters"),
            ({quantity: ""}, "Choose at least one"),
            ({quantity: "0"}, "Choose at least one"),
            ({quantity: "-1"}, "no less than 0"),
            ({quantity: "100"}, "at most 99"),
            ({quantity: "many"}, "whole number"),
            ({"key": "x"}, "try again"),
        ):
            with self.subTest(said):
                page = self.client.post("/", self.form(**changes))
                self.assertContains(page, said, status_code=422)
        self.assertEqual(Order.objects.count(), 0)

    def test_a_forged_form_is_refused(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        self.assertContains(strict.post("/", self.form()), "cannot be accepted", status_code=403)

    @override_settings(FOOTER=False)
    def test_the_footer_turned_off(self) -> None:
        page = self.client.get("/")
        self.assertNotContains(page, "Served by")
        self.assertNotIn("X-Database-Role", page)

    def test_a_visit_writes_nothing(self) -> None:
        self.client.get("/")
        self.client.get("/orders/")
        self.assertEqual(User.objects.count(), 0)

    def test_the_database_away(self) -> None:
        with patch("shop.views.place_order", side_effect=OperationalError("server closed")):
            self.client.get("/")
            page = self.client.post("/", self.form())
        self.assertContains(page, "One moment, please", status_code=503)
        self.assertEqual(page["Retry-After"], "5")
        with patch("shop.api.find_order", side_effect=OperationalError("server closed")):
            answer = self.client.get("/api/orders/1")
        self.assertEqual((answer.status_code, answer["Retry-After"]), (503, "5"))
        self.assertIn("try again", answer.json()["error"])
        self.assertNotIn("outcome", answer.json())

    def test_what_became_of_an_order_when_the_database_went_away(self) -> None:
        body = '{"product": "mug", "quantity": 1, "customer": "Ada"}'
        for error, outcome in (
            (OperationalError("gone"), "unknown"),
            (TooManyWaiting(), "not done"),
        ):
            with patch("shop.api.place_order", side_effect=error):
                answer = self.client.post("/api/orders", body, content_type="application/json")
            self.assertEqual((answer.status_code, answer["Retry-After"]), (503, "5"))
            self.assertEqual(answer.json()["outcome"], outcome)

    def test_an_order_whose_commit_had_no_answer_is_made_once(self) -> None:
        tries = []

        def place(*args: object) -> object:
            tries.append(args)
            placed = place_order(*args)
            if len(tries) == 1:
                raise OperationalError("server closed the connection unexpectedly")
            return placed

        self.client.get("/")
        with patch("shop.views.place_order", place):
            answer = self.client.post("/", self.form())
        self.assertEqual(len(tries), 2)
        self.assertRedirects(answer, f"/orders/{Order.objects.get().pk}/")

    def test_request_ids(self) -> None:
        given = self.client.get("/", headers={"X-Request-ID": "edge-17"})
        self.assertEqual(given["X-Request-ID"], "edge-17")
        made = self.client.get("/", headers={"X-Request-ID": "a b\n" + "x" * 99})
        self.assertRegex(made["X-Request-ID"], "^[0-9a-f]{32}$")
