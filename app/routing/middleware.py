"""Each request's routing: its state, its visitor's token, its second try, its 503."""

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from routing import errors, metrics, state, tokens
from routing.repeat import Before, may_repeat

log = logging.getLogger(__name__)

# A first try that lasted longer is not repeated: it has waited in the pooler to its bound, and
# with as long a second wait the client would have gone.
RETRY_WITHIN_SECONDS = 5
# Before a second try on the leader: a pooler needs a moment to notice that it went away, and lets
# statements wait only from then on. Replicas are several: no pause.
RETRY_PAUSE_SECONDS = 0.5
# For a 503: a handover lasts 2 to 3 s, the first tries after a failover come in vain.
RETRY_AFTER_SECONDS = 5


class RoutingMiddleware:
    """Put it before everything that touches the database: SessionMiddleware, for one.

    A view's database error that says "not now" ends here: the request is tried once more where
    that is safe (repeat.py), and else, or when that fails too, answered by ROUTING_AWAY_VIEW.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.leader_apps = frozenset(getattr(settings, "ROUTING_LEADER_APPS", ("admin",)))
        self.retry_within = getattr(settings, "ROUTING_RETRY_WITHIN_SECONDS", RETRY_WITHIN_SECONDS)
        self.pause = getattr(settings, "ROUTING_RETRY_PAUSE_SECONDS", RETRY_PAUSE_SECONDS)
        self.away = import_string(getattr(settings, "ROUTING_AWAY_VIEW", f"{__name__}.away"))
        got_request_exception.connect(note_failure)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token, before, began = tokens.read(request), Before(request), time.monotonic()
        tried, response = self._try(request, token)
        wrote = tried.wrote
        if may_repeat(request, tried) and time.monotonic() - began < self.retry_within:
            kind = errors.kind(tried.failure, on_replica=tried.on_replica)
            log.warning("tried again after %s: %s", kind, str(tried.failure).partition("\n")[0])
            if not tried.on_replica:
                time.sleep(self.pause)
            before.restore(request)
            tried, response = self._try(request, token, after=tried)
            metrics.RETRIES.labels(kind, str(tried.failure is None).lower()).inc()
        if tried.failure is not None:
            metrics.AWAY.labels(errors.kind(tried.failure, on_replica=True)).inc()
            response = self.away(request, tried.failure)
            if wrote or tried.wrote:
                # Some of it may have been committed. Nobody can ask for the position now.
                tokens.give(request, response, tokens.PIN)
        return response

    def _try(
        self, request: HttpRequest, token: Any, after: state.Request | None = None
    ) -> tuple[state.Request, HttpResponse]:
        conflict = after is not None and errors.kind(after.failure) is None
        with state.request(
            token=token, careful=after is not None, pinned=conflict, gated=True
        ) as current:
            request.aliases_used = current.aliases
            response = self.get_response(request)
            if current.failure is None:
                if tokens.wanted() and (current.wrote or (after is not None and after.wrote)):
                    tokens.give(request, response, tokens.take())
                elif current.new_token is not None:
                    tokens.give(request, response, current.new_token)
        return current, response

    def process_view(
        self, request: HttpRequest, view: object, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match and self.leader_apps.intersection(match.app_names):
            state.pin()
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        # This answer never leaves: __call__ puts another one in its place.
        return HttpResponse(status=503) if _is_failure(error) else None


def note_failure(**kwargs: Any) -> None:
    """The same for errors in other middleware, which Django does not show process_exception."""
    error = sys.exc_info()[1]
    if isinstance(error, Exception):
        _is_failure(error)


def _is_failure(error: Exception) -> bool:
    current = state.current()
    if current is None or errors.kind(error, on_replica=current.on_replica) is None:
        return False
    current.failure = error
    if errors.is_dead(error):
        # Where connecting or COMMIT failed no statement tells which connection it was.
        current.dead.update(filter(None, (state.LEADER, state.replica_alias())))
    return True


def away(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer while the database cannot serve, unless ROUTING_AWAY_VIEW names another."""
    text = f"The database cannot serve just now. Try again in {RETRY_AFTER_SECONDS} s."
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(text, status=503, content_type="text/plain", headers=headers)
