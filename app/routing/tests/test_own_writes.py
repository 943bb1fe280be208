"""Read your writes, on a real replica that lags as the test wants."""

from django.contrib.auth.models import Group
from django.db import DataError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from routing import metrics, state, tokens
from routing.position import Position
from routing.tests.world import LEADER, STANDBY, StandbyTest, reads_from
from routing.tokens import COOKIE, PIN


def write(request: HttpRequest) -> str:
    return str(Group.objects.create(name="sailors").pk)


def list_groups(request: HttpRequest) -> str:
    """As views usually read: single statements, no block."""
    return ",".join(f"{one.name}@{one._state.db}" for one in Group.objects.order_by("pk"))


class OwnWritesTest(StandbyTest):
    def behind(self) -> float:
        return metrics.FALLBACKS.labels("behind")._value.get()

    def token(self) -> Position | None:
        request = HttpRequest()
        request.COOKIES[COOKIE] = self.client.cookies[COOKIE].value
        return Position.parse(request.get_signed_cookie(COOKIE, salt=COOKIE))

    def test_a_visitor_without_a_write_reads_from_the_replica(self) -> None:
        self.assertEqual(self.text(reads_from), STANDBY)
        self.assertNotIn(COOKIE, self.client.cookies)

    def test_the_token_is_the_leaders_position_after_the_commit(self) -> None:
        before = self.ask(LEADER, "SELECT pg_current_wal_insert_lsn()::text")
        self.text(write, "post")
        after = self.ask(LEADER, "SELECT pg_current_wal_insert_lsn()::text")
        token = self.token()
        self.assertEqual(token.timeline, 1)
        self.assertLess(Position.parse(f"1:{before}").lsn, token.lsn)
        self.assertLessEqual(token.lsn, Position.parse(f"1:{after}").lsn)
        self.assertEqual(self.client.cookies[COOKIE]["max-age"], 3600)
        self.assertTrue(self.client.cookies[COOKIE]["httponly"])

    def test_the_leader_until_the_replica_has_replayed_it_and_back(self) -> None:
        self.pause()
        self.text(write, "post")
        before = self.behind()
        self.assertEqual(self.text(list_groups), f"sailors@{LEADER}")
        self.assertEqual(self.text(list_groups), f"sailors@{LEADER}")
        self.assertEqual(self.behind() - before, 2)
        self.resume()
        self.assertEqual(self.text(list_groups), f"sailors@{STANDBY}")
        self.assertEqual(self.behind() - before, 2)

    def test_other_visitors_are_served_by_the_replica_meanwhile(self) -> None:
        self.pause()
        self.text(write, "post")
        self.client.cookies.clear()
        self.assertEqual(self.text(list_groups), "")  # older, and not theirs

    def test_check_and_reads_are_one_transaction_on_one_connection(self) -> None:
        self.text(write, "post")
        self.resume()

        def view(request: HttpRequest) -> str:
            seen = set()
            for _ in range(3):
                alias = Group.objects.first()._state.db
                # now() is the begin of the transaction.
                seen.add((alias, self.ask(alias, "SELECT now() || ' ' || pg_backend_pid()")))
            self.assertEqual(len(seen), 1)
            return seen.pop()[0]

        self.assertEqual(self.text(view), STANDBY)
        self.assertFalse(connections[STANDBY].in_atomic_block)

    def test_a_write_ends_that_transaction_and_reads_follow_it(self) -> None:
        self.text(write, "post")
        self.resume()

        def view(request: HttpRequest) -> str:
            self.assertEqual(Group.objects.first()._state.db, STANDBY)
            self.assertTrue(connections[STANDBY].in_atomic_block)
            Group.objects.create(name="cooks")
            self.assertFalse(connections[STANDBY].in_atomic_block)
            return list_groups(request)

        self.assertEqual(self.text(view, "post"), f"sailors@{LEADER},cooks@{LEADER}")

    def test_a_failed_statement_leaves_the_reads_after_it_alone(self) -> None:
        self.text(write, "post")
        self.resume()

        def view(request: HttpRequest) -> str:
            with self.assertRaises(DataError):
                self.ask(state.read_alias(), "SELECT 1/0")
            self.assertEqual(list_groups(request), f"sailors@{STANDBY}")
            with self.assertRaises(ZeroDivisionError), state.reading():
                raise ZeroDivisionError
            return list_groups(request)

        self.assertEqual(self.text(view), f"sailors@{STANDBY}")

    def test_reading_and_find_keep_to_the_token(self) -> None:
        self.pause()
        self.text(write, "post")

        def reading(request: HttpRequest) -> str:
            with state.reading() as alias:
                return f"{alias} {list_groups(request)}"

        def find(request: HttpRequest) -> str:
            found = state.find(lambda alias: Group.objects.filter(name="sailors").first())
            return found._state.db

        self.assertEqual(self.text(reading), f"{LEADER} sailors@{LEADER}")
        self.assertEqual(self.text(find), LEADER)
        self.resume()
        self.assertEqual(self.text(reading), f"{STANDBY} sailors@{STANDBY}")
        self.assertEqual(self.text(find), STANDBY)

    def test_find_goes_to_the_leader_for_what_another_visitor_wrote(self) -> None:
        self.text(write, "post")
        self.resume()
        self.pause()
        Group.objects.create(name="cooks")

        def find(request: HttpRequest) -> str:
            found = state.find(lambda alias: Group.objects.filter(name="cooks").first())
            return f"{found._state.db} {state.read_alias()}"

        self.assertEqual(self.text(find), f"{LEADER} {LEADER}")

    def test_a_block_of_the_view_on_the_replica_is_checked_too(self) -> None:
        def view(request: HttpRequest) -> str:
            with transaction.atomic(using=STANDBY):
                return list_groups(request)

        self.pause()
        self.text(write, "post")
        self.assertEqual(self.text(view), f"sailors@{LEADER}")
        self.resume()
        self.assertEqual(self.text(view), f"sailors@{STANDBY}")

    def test_writes_in_plain_sql_count(self) -> None:
        def view(request: HttpRequest) -> str:
            with connections[LEADER].cursor() as cursor:
                cursor.execute("INSERT INTO auth_group (name) VALUES ('raw')")
            return state.read_alias()

        self.pause()
        self.assertEqual(self.text(view, "post"), LEADER)
        self.assertEqual(self.text(list_groups), f"raw@{LEADER}")

    def test_a_token_beyond_the_leader_is_lowered(self) -> None:
        self.text(write, "post")
        beyond = Position(1, self.token().lsn + 2**40)
        answer = HttpResponse()
        tokens.give(HttpRequest(), answer, beyond)
        self.client.cookies[COOKIE] = answer.cookies[COOKIE].value
        self.assertEqual(self.text(list_groups), f"sailors@{LEADER}")
        self.assertLess(self.token().lsn, beyond.lsn)
        self.resume()
        self.assertEqual(self.text(list_groups), f"sailors@{STANDBY}")

    def test_a_new_timeline_keeps_its_writers_on_the_leader_for_a_while(self) -> None:
        self.text(write, "post")
        self.resume()
        with override_settings(ROUTING_SETTLE_SECONDS=60):
            self.assertEqual(self.text(list_groups), f"sailors@{LEADER}")
        self.assertEqual(self.text(list_groups), f"sailors@{STANDBY}")

    def test_no_position_to_be_had_is_a_pin(self) -> None:
        def view(request: HttpRequest) -> str:
            done = write(request)
            # As after a demotion: the address answers, and does not lead.
            connections[LEADER].close()
            connections[LEADER].settings_dict["PORT"] = self.standby_port
            return done

        self.standby_port = connections[STANDBY].settings_dict["PORT"]
        port = connections[LEADER].settings_dict["PORT"]
        try:
            self.text(view, "post")
        finally:
            connections[LEADER].close()
            connections[LEADER].settings_dict["PORT"] = port
        self.assertIsNone(self.token())
        self.assertEqual(self.client.cookies[COOKIE]["max-age"], 10)
        self.resume()
        self.assertEqual(self.text(list_groups), f"sailors@{LEADER}")
        with override_settings(ROUTING_PIN_SECONDS=0):
            self.assertEqual(self.text(list_groups), f"sailors@{STANDBY}")

    def test_forged_and_old_cookies_count_for_nothing(self) -> None:
        self.client.cookies[COOKIE] = PIN
        self.assertEqual(self.text(reads_from), STANDBY)
        self.text(write, "post")
        self.pause()
        self.text(write_another, "post")
        self.assertEqual(self.text(reads_from), LEADER)
        with override_settings(ROUTING_TOKEN_SECONDS=0):
            self.assertEqual(self.text(reads_from), STANDBY)


def write_another(request: HttpRequest) -> str:
    return str(Group.objects.create(name="cooks").pk)
