from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connections
from django.db.backends.signals import connection_created

from routing import state, watch

MIDDLEWARE = "routing.middleware.RoutingMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


class RoutingConfig(AppConfig):
    name = "routing"

    def ready(self) -> None:
        connection_created.connect(watch.install)


@register
def check_aliases(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """A token that nobody gives, a router that nobody asks, a check that proves nothing."""
    replica = state.replica_alias()
    if replica is None:
        return []
    faults: list[CheckMessage] = []
    middleware = list(settings.MIDDLEWARE)
    if MIDDLEWARE not in middleware:
        faults.append(
            Error(
                f"{MIDDLEWARE} is not in MIDDLEWARE: every read goes to the leader.",
                hint="Put it before SessionMiddleware.",
                id="routing.E001",
            )
        )
    elif SESSIONS in middleware and middleware.index(SESSIONS) < middleware.index(MIDDLEWARE):
        faults.append(
            Warning(
                f"{MIDDLEWARE} comes after SessionMiddleware: what that reads and writes in the "
                "database is not routed, and a visitor may miss their own login.",
                hint="Put it before SessionMiddleware.",
                id="routing.W001",
            )
        )
    if "routing.router.LeaderReplicaRouter" not in settings.DATABASE_ROUTERS:
        faults.append(
            Error(
                "routing.router.LeaderReplicaRouter is not in DATABASE_ROUTERS.",
                id="routing.E002",
            )
        )
    return faults + _check_replica(replica)


def _check_replica(replica: str) -> list[CheckMessage]:
    faults: list[CheckMessage] = []
    if connections[replica].vendor != "postgresql":
        faults.append(
            Error(f"The alias {replica!r} is no PostgreSQL: it has no position.", id="routing.E003")
        )
    options: dict[str, Any] = settings.DATABASES[replica].get("OPTIONS", {})
    if options.get("isolation_level") not in (None, 2):  # psycopg's READ_COMMITTED
        faults.append(
            Error(
                f"The alias {replica!r} has another isolation level than READ COMMITTED: its "
                "snapshot would be older than the check of what the replica has replayed.",
                id="routing.E004",
            )
        )
    return faults
