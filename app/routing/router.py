"""The database router: DATABASE_ROUTERS = ["routing.router.LeaderReplicaRouter"]."""

from typing import Any

from django.db.models import Model

from routing import metrics, state


class LeaderReplicaRouter:
    """Writes to the leader ("default"); reads to the replica alias unless that could be stale.

    Reads stay on the leader outside a request, inside an atomic block on the leader, after a
    write in the same request, while the request is pinned, and where no replica has replayed what
    the visitor wrote before (state.py). What the ORM does for a write counts as one: SELECT ...
    FOR UPDATE, get_or_create, related managers' changes.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        # What hangs on an object read from the leader is read there too: a replica may not have
        # it yet. The other way round, the rules decide anew.
        instance = hints.get("instance")
        if instance is not None and instance._state.db == state.LEADER:
            alias = state.leader_alias()
        else:
            alias = state.read_alias()
        if state.current():
            metrics.READS.labels(alias).inc()
        return alias

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        if state.current():
            metrics.WRITES.inc()
        return state.write_alias()

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool | None:
        """Objects of leader and replica are the same rows; of other databases, no opinion."""
        ours = {state.LEADER, state.replica_alias()}
        return True if {one._state.db, other._state.db} <= ours else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Never on the replica alias; its schema arrives by replication."""
        return False if db == state.replica_alias() else None
