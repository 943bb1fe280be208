"""/healthz and /metrics, answered before any other middleware.

So they work whatever HOLDFAST_ALLOWED_HOSTS says, and they do not count as traffic.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django_prometheus.exports import ExportToDjangoView

from shop_site.health import health


class OperationsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            status, body = health.report()
            response: HttpResponse = JsonResponse(body, status=status)
        elif request.path_info == "/metrics":
            response = ExportToDjangoView(request)
        else:
            return self.get_response(request)
        response["Cache-Control"] = "no-store"
        response["Content-Length"] = str(len(response.content))
        return response
