from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Error, register

from routing import state


class RoutingConfig(AppConfig):
    name = "routing"


@register
def check_aliases(app_configs: object, **kwargs: object) -> list[Error]:
    """A pin that nobody would set, or a router that nobody would ask."""
    if state.replica_alias() is None:
        return []
    faults = []
    if "routing.middleware.RoutingMiddleware" not in settings.MIDDLEWARE:
        faults.append(
            Error(
                "routing.middleware.RoutingMiddleware is not in MIDDLEWARE: "
                "every read goes to the leader.",
                hint="Put it after SessionMiddleware and before AuthenticationMiddleware.",
                id="routing.E001",
            )
        )
    if "routing.router.LeaderReplicaRouter" not in settings.DATABASE_ROUTERS:
        faults.append(
            Error(
                "routing.router.LeaderReplicaRouter is not in DATABASE_ROUTERS.",
                id="routing.E002",
            )
        )
    return faults
