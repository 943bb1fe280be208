"""Opens the routing state of each request, and lets a visitor read what they just wrote."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from routing import state

COOKIE = "wrote"


class RoutingMiddleware:
    """Put it after SessionMiddleware and before AuthenticationMiddleware.

    After a request that wrote, the visitor's next requests read from the leader for
    ROUTING_PIN_SECONDS (default 10; 0 turns it off), far longer than a replica that the pool
    still uses lags behind. Views of ROUTING_LEADER_APPS (default: the admin) always read there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.pin_seconds: int = getattr(settings, "ROUTING_PIN_SECONDS", 10)
        self.leader_apps = frozenset(getattr(settings, "ROUTING_LEADER_APPS", ("admin",)))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with state.request(pinned=self._wrote_lately(request)) as current:
            request.aliases_used = current.aliases
            response = self.get_response(request)
        if current.wrote and self.pin_seconds:
            response.set_signed_cookie(
                COOKIE,
                "1",
                salt=COOKIE,
                max_age=self.pin_seconds,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure(),
            )
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match and self.leader_apps.intersection(match.app_names):
            state.pin()
        return None

    def _wrote_lately(self, request: HttpRequest) -> bool:
        if COOKIE not in request.COOKIES or not self.pin_seconds:
            return False
        try:
            request.get_signed_cookie(COOKIE, salt=COOKIE, max_age=self.pin_seconds)
        except signing.BadSignature:
            return False
        return True
