"""What a visitor carries from a write to later requests: a signed cookie, a place in the WAL.

Its text is a position ("2:0/3000148": a replica must have replayed it), or "leader" when the
position could not be had (read there for ROUTING_PIN_SECONDS). It ends by age.
"""

import time

from django.conf import settings
from django.core import signing
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.http import HttpRequest, HttpResponse

from routing import metrics, position
from routing.position import Position

COOKIE = "wrote"
PIN = "leader"
# How long a replica still counts as possibly on an abandoned timeline after this process first
# heard of the leader's new one: above what the pooler takes to leave such a replica out (10 s).
SETTLE_SECONDS = 15

_first_heard: dict[int, float] = {}  # timeline -> time.monotonic()


def seconds() -> int:
    """How long a token counts: beyond any lag of a replica that serves. 0 turns tokens off."""
    return getattr(settings, "ROUTING_TOKEN_SECONDS", 3600)


def wanted() -> bool:
    """Whether there is anything to keep a visitor from."""
    alias = getattr(settings, "ROUTING_REPLICA", "replica")
    return bool(seconds()) and alias in settings.DATABASES


def pin_seconds() -> int:
    """How long a visitor reads from the leader when its position could not be had."""
    return min(getattr(settings, "ROUTING_PIN_SECONDS", 10), seconds())


def read(request: HttpRequest) -> Position | str | None:
    """The visitor's position, PIN, or None."""
    if COOKIE not in request.COOKIES or not seconds():
        return None
    text = _signed(request, seconds())
    if text is None:
        return None
    found = Position.parse(text)
    if found is None:
        return PIN if _signed(request, pin_seconds()) else None
    return found


def _signed(request: HttpRequest, max_age: int) -> str | None:
    try:
        return request.get_signed_cookie(COOKIE, salt=COOKIE, max_age=max_age)
    except signing.BadSignature:
        return None


def take() -> Position | str:
    """The leader's position now, after the commits of this request; PIN when it does not answer.

    The write is done: what goes wrong here must not turn its answer into a failure.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        found: Position | str = position.leaders(connection)
    except Error:
        if not connection.in_atomic_block:
            connection.close()
        found = PIN
    metrics.TOKENS.labels("pin" if found == PIN else "position").inc()
    return found


def give(request: HttpRequest, response: HttpResponse, token: Position | str) -> None:
    """Puts it into the visitor's cookie."""
    age = pin_seconds() if token == PIN else seconds()
    if not age:
        return
    response.set_signed_cookie(
        COOKIE,
        str(token),
        salt=COOKIE,
        max_age=age,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def is_settled(timeline: int) -> bool:
    """Whether no replica that serves can still be on the timeline that this one replaced.

    Such a replica may have replayed beyond the fork: by its LSN alone it would have everything.
    """
    first = _first_heard.setdefault(timeline, time.monotonic())
    return time.monotonic() - first >= getattr(settings, "ROUTING_SETTLE_SECONDS", SETTLE_SECONDS)


def forget() -> None:
    """No timeline was heard of yet."""
    _first_heard.clear()
