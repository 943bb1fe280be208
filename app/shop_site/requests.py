"""One JSON log line a request, and a plain answer when the database is away."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from routing.errors import TooManyWaiting
from routing.repeat import SAFE
from shop_site import logs

log = logging.getLogger("shop.request")
errors = logging.getLogger("shop.database")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
RETRY_SECONDS = 5  # a handover lasts 2 to 3 s, the first tries after a failover come in vain
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class RequestLogMiddleware:
    """Logs each request; hands on the edge's X-Request-ID, or makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request.id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(request.id)
        try:
            return self._answer(request, started)
        finally:
            logs.request_id.reset(token)

    def _answer(self, request: HttpRequest, started: float) -> HttpResponse:
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        response.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if role := getattr(request, "database_role", None):  # where there is a footer
            response["X-Database-Role"] = role
        match = request.resolver_match
        if match:  # static files and unknown addresses are in the edge's log
            session = getattr(request, "session", {})
            fields = {
                "user": session.get("_auth_user_id") or session.get("visitor"),
                "method": request.method,
                "path": request.path_info,
                "view": match.view_name or "",
                "status": response.status_code,
                "databases": sorted(getattr(request, "aliases_used", ())),
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
            }
            log.info("request", extra={"fields": fields})
        return response


def database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    """503 with Retry-After, instead of 500: routing's ROUTING_AWAY_VIEW."""
    text = str(error).strip() or type(error).__name__
    errors.warning("503: %s", text.splitlines()[0])
    if request.path_info.startswith("/api/"):
        body = {"error": f"the database is away; try again in {RETRY_SECONDS} s"}
        if request.method not in SAFE:
            # A COMMIT without an answer may have taken place; a refused request did nothing.
            body["outcome"] = "not done" if isinstance(error, TooManyWaiting) else "unknown"
        response: HttpResponse = JsonResponse(body, status=503)
    else:
        context = {"seconds": RETRY_SECONDS, "instance": settings.INSTANCE}
        response = render(request, "shop/away.html", context, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
