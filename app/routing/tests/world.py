"""What the tests share: an address whose view is the test's own, and a replica to hold up."""

import time
from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, TransactionTestCase, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from routing import replicas, state, tokens
from routing.repeat import keyed

LEADER, REPLICA, STANDBY = DEFAULT_DB_ALIAS, "replica", "standby"
CATCH_UP_SECONDS = 20

type View = Callable[[HttpRequest], str]


class Here:
    """The view of the moment."""

    view: View


@csrf_exempt
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Here.view(request))


@csrf_exempt
@keyed(field="key")
def with_key(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Here.view(request))


urlpatterns = [path("plain", plain), path("keyed", with_key)]


@override_settings(
    ROOT_URLCONF="routing.tests.world", ROUTING_SETTLE_SECONDS=0, ROUTING_RETRY_PAUSE_SECONDS=0
)
class WorldTest(TransactionTestCase):
    """Requests through all middleware of the project; `client` is one visitor, with cookies."""

    databases = {LEADER, REPLICA}

    def setUp(self) -> None:
        replicas.forget()
        tokens.forget()
        self.addCleanup(replicas.forget)
        self.client = Client()

    def visit(self, view: View, method: str = "get", path: str = "/plain", **kwargs: object):
        Here.view = staticmethod(view)
        return getattr(self.client, method)(path, **kwargs)

    def text(self, view: View, method: str = "get", path: str = "/plain", **kwargs: object) -> str:
        answer = self.visit(view, method, path, **kwargs)
        self.assertEqual(answer.status_code, 200)
        return answer.content.decode()


@override_settings(ROUTING_REPLICA=STANDBY)
class StandbyTest(WorldTest):
    """The replica alias leads to a real one, whose replay the tests pause."""

    databases = {LEADER, STANDBY}

    def setUp(self) -> None:
        super().setUp()
        self.resume()
        self.addCleanup(self.resume)

    def ask(self, alias: str, sql: str) -> object:
        with connections[alias].cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def pause(self) -> None:
        self.ask(STANDBY, "SELECT pg_wal_replay_pause()")
        self.wait("SELECT pg_get_wal_replay_pause_state() = 'paused'")

    def resume(self) -> None:
        """Goes on replaying, and returns when it has come to where the leader is now."""
        here = self.ask(LEADER, "SELECT pg_current_wal_insert_lsn()::text")
        connections[STANDBY].close()  # the test database may have been made anew
        end = time.monotonic() + CATCH_UP_SECONDS
        with connections[STANDBY]._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_wal_replay_resume()")
            while True:
                cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [here])
                if cursor.fetchone()[0]:
                    return
                self.assertLess(time.monotonic(), end, "the replica does not catch up")
                time.sleep(0.01)

    def wait(self, sql: str) -> None:
        end = time.monotonic() + CATCH_UP_SECONDS
        while not self.ask(STANDBY, sql):
            self.assertLess(time.monotonic(), end, sql)
            time.sleep(0.01)


def reads_from(request: HttpRequest) -> str:
    """A view that only says where it would read."""
    return state.read_alias()
