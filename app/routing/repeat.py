"""Which requests may be tried a second time, and how a request becomes what it was before."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from routing import errors, state

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))  # RFC 9110, section 9.2.1; TRACE never gets here
# What Django keeps of a body once it was read from the client, who sends it once.
BODY = ("_body", "_post", "_files", "_read_started", "_stream", "_data", "_upload_handlers")

type View = Callable[..., HttpResponse]


def keyed(
    view: View | None = None, *, header: str = "Idempotency-Key", field: str | None = None
) -> Any:
    """Marks a view that makes the same thing of the same key, once.

    A request of it that carries the key (in the header, or in the form's field) is tried again
    after its database connection died, whatever became of the first try.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def keyed_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.headers.get(header) or (field and request.POST.get(field)):
                state.repeatable()
            return view(request, *args, **kwargs)

        return keyed_view

    return decorate if view is None else decorate(view)


def may_repeat(request: HttpRequest, tried: state.Request) -> bool:
    """Whether a second try can do no harm, and some good."""
    kind = errors.kind(tried.failure, on_replica=tried.on_replica) if tried.failure else None
    safe = request.method in SAFE or tried.repeatable
    return kind in errors.REPEATABLE and safe and _body_is_kept(request)


def _body_is_kept(request: HttpRequest) -> bool:
    if not getattr(request, "_read_started", False) or hasattr(request, "_body"):
        return True
    # A form was parsed as it came; files in it have been read to their end.
    return hasattr(request, "_post") and not request._files


class Before:
    """A request as it came in, without what a first try hung on it: session, user, messages."""

    def __init__(self, request: HttpRequest) -> None:
        self._attributes = dict(vars(request))

    def restore(self, request: HttpRequest) -> None:
        body = {name: value for name, value in vars(request).items() if name in BODY}
        vars(request).clear()
        vars(request).update(self._attributes | body)
