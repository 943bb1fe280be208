"""Carries an order out: this member stops, and restores the cluster or clones who restored it.

A thread of the supervisor. While it `holds` the member, the supervisor neither starts Patroni nor
judges it. What was done is in work.json, so that the next start of the container goes on there.

The restorer: PostgreSQL stopped → a base backup chosen (nothing is touched when there is none) →
`go` → the cluster's keys in etcd taken away → old data moved aside → Patroni's custom bootstrap
(restore_run.py) → it leads. The others wait, each with its old data, until the restorer leads, then
drop that and clone.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import leaving
import restore_data as data
import restore_files as files
import restore_keys as keys
import unled
from compose import bootstrap_from_backup
from etcd_gateway import EtcdError
from facts import fact
from first_start import FirstStart
from log_tap import LogTap
from patroni_api import PatroniError, own_status
from patroni_process import PatroniProcess
from repositories import RepositoryError, choose
from restore_order import Order, OrderFault, parse
from site_member import Entrance

LOOK_SECONDS = 0.5
ERROR = Path("/run/patroni/restore-error")


class RestoreFailed(Exception):
    """The order cannot be carried out; the text has the words of whoever refused."""


EXPECTED = (
    RestoreFailed,
    OrderFault,
    EtcdError,
    OSError,
    RepositoryError,
    data.NoRoom,
    keys.KeysFault,
)


class CalledOff(Exception):
    """`holdfast-restore cancel`, or another order came."""


class Stopping(Exception):
    """The container stops; its next start goes on."""


class Restore:
    """Keeps this member from running while it is to be restored, or must not begin yet."""

    def __init__(self, patroni: PatroniProcess, log: Callable[[str], None]) -> None:
        self.patroni = patroni
        self.log = log
        self.holds = True
        # Held by the supervisor while it judges Patroni, and here while that changes hands.
        self.lock = threading.Lock()
        self.stopping = False
        self._first = FirstStart(log, self._interrupted)
        self._entrance = Entrance(log)
        self._tap: LogTap | None = None

    def watch(self) -> None:
        """Begins, in a thread of its own."""
        threading.Thread(target=self._run, name="restore", daemon=True).start()

    def _run(self) -> None:
        while not self.stopping:
            try:
                self._look()
            except Stopping:
                return
            except (Exception, SystemExit) as error:  # noqa: BLE001 - this thread must never end
                self.log(f"restore: {error!r}")
                time.sleep(5)
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        present = files.read(files.ORDER)
        if present:
            self._obey(present)
        elif self.holds:
            if self._entrance.open() and self._first.admitted(self._entrance.standby):
                self._release()
        else:
            unled.look(self.patroni, self.log)

    def _interrupted(self) -> bool:
        return self.stopping or files.exists(files.ORDER)

    def _release(self) -> None:
        with self.lock:
            self.holds = False

    # --- an order -----------------------------------------------------------------------------

    def _obey(self, given: dict) -> None:
        order_id = str(given.get("id"))
        state = files.read(files.STATE)
        if state.get("id") == order_id and state.get("phase") == "failed":
            self._wait_after_failure(order_id)
            return
        try:
            order = parse(given)
            self._carry_out(order, state)
        except CalledOff:
            self._call_off(order_id)
        except Stopping:
            raise
        except EXPECTED as error:
            self._fail(order_id, str(error))
        except Exception as error:  # noqa: BLE001 - whoever waits for this member must hear of it
            self._fail(order_id, repr(error))

    def _fail(self, order_id: str, text: str) -> None:
        self.log(f"restore {order_id} failed: {text}")
        self._stop()
        files.write_phase("failed", text, order_id)

    def _wait_after_failure(self, order_id: str) -> None:
        if files.text(files.CANCEL) == order_id:
            self._call_off(order_id)

    def _check(self, order_id: str) -> None:
        """Raises CalledOff when this order is no longer wanted."""
        if self.stopping:
            raise Stopping
        if files.text(files.CANCEL) == order_id:
            raise CalledOff
        present = files.read(files.ORDER).get("id")
        if present != order_id:
            raise RestoreFailed(f"another order took its place: {present}")

    def _carry_out(self, order: Order, state: dict) -> None:
        known = state.get("id") == order.id
        phase = state.get("phase") if known else None
        if phase == "done":
            self._finish(order, "done before")
            return
        if phase == "cloning":
            self._clone(order, begun=True)
            return
        if phase in (None, "stopping", "stopped"):
            files.write_phase("stopping", "PostgreSQL stops", order.id)
            where = f"{order.repository}, {order.kind} {order.value}"
            self.log(f"order {order.id}: restore from {where}")
        self._stop()
        if fact("MEMBER") == order.restorer:
            self._restore(order)
        else:
            self._clone(order)

    def _stop(self) -> None:
        """Patroni and PostgreSQL, without a handover."""
        with self.lock:
            self.holds = True
        self.patroni.end()

    def _wait_for_go(self, order: Order, detail: str) -> None:
        if files.text(files.GO) != order.id:
            files.write_phase("stopped", detail, order.id)
        while files.text(files.GO) != order.id:
            self._check(order.id)
            time.sleep(LOOK_SECONDS)
        self._check(order.id)

    # --- the restorer -------------------------------------------------------------------------

    def _restore(self, order: Order) -> None:
        work = files.read(files.WORK)
        # Of an earlier order that failed, the old data and keys stay what is put back.
        if work.get("id") != order.id:
            choice = choose(order)
            work = {
                "aside": work.get("aside"),
                "keys": work.get("keys"),
                "id": order.id,
                "label": choice.backup.label,
                "timeline": choice.timeline,
                "bytes": choice.backup.bytes,
            }
            files.write(files.WORK, work)
        label = work["label"]
        self._wait_for_go(order, f"ready to restore {label} from {order.repository}")
        etcd = keys.client()
        led = work.get("cleared") and keys.initialized(etcd) and data.holds_database()
        if led:
            # Restored and founded before this container was restarted.
            self.patroni.start()
        else:
            self._begin(order, work, etcd)
        self._wait_until_leading(order, None if led else self._tap)
        self._finish(order, f"leads, restored from {label} in {order.repository}")

    def _begin(self, order: Order, work: dict, etcd: keys.Etcd) -> None:
        files.write_phase("clearing", "the cluster's keys in etcd", order.id, label=work["label"])
        unled.forget()
        keys.wait_alone(etcd, order.members)
        if work.get("keys") is None:
            work["keys"] = keys.save(etcd)
        if work.get("aside") is None:
            files.write_phase("aside", "the old data is moved aside", order.id)
            work["aside"] = data.make_way(int(work["bytes"]), order.discard)
        else:
            # What is in its place was left by a restore that did not end.
            data.remove(data.DATA)
        work["cleared"] = True
        files.write(files.WORK, work)
        data.remove(data.FAILED)
        data.forget_sent()
        keys.clear(etcd, order.members)
        self._check(order.id)
        ERROR.unlink(missing_ok=True)
        files.write_phase("restoring", f"base backup {work['label']}", order.id)
        bootstrap_from_backup(True)
        self._tap = LogTap(lambda segment: self._replaying(order.id, segment))
        self.patroni.start(self._tap.write)

    def _replaying(self, order_id: str, segment: str) -> None:
        files.write_phase("recovering", f"replays {segment}", order_id)

    def _wait_until_leading(self, order: Order, tap: LogTap | None) -> None:
        """RestoreFailed with the words of pgBackRest or PostgreSQL when Patroni gives up."""
        # One client: each login costs etcd more than a hundred reads.
        etcd = keys.client()
        while True:
            self._check(order.id)
            code = self.patroni.poll()
            if code is not None:
                bootstrap_from_backup(False)
                said = ERROR.read_text() if ERROR.exists() else (tap.words() if tap else "")
                data.remove(data.FAILED)
                raise RestoreFailed(said or f"Patroni ended with {code}; its log says why")
            if keys.leader_is(etcd, fact("MEMBER")) and _works():
                return
            time.sleep(LOOK_SECONDS)

    # --- the others ---------------------------------------------------------------------------

    def _clone(self, order: Order, begun: bool = False) -> None:
        etcd = keys.client()
        if not begun:
            self._wait_for_go(order, f"waits for {order.restorer}")
            files.write_phase("awaiting", f"{order.restorer} restores", order.id)
            while not keys.leader_is(etcd, order.restorer):
                self._check(order.id)
                time.sleep(LOOK_SECONDS)
            files.write_phase("cloning", f"clones {order.restorer}", order.id)
            unled.forget()
            data.remove(data.DATA, data.FAILED)
        # From here on this is a replica like any other; what goes wrong is healed as ever.
        self.patroni.start()
        self._release()
        while not self.stopping:
            try:
                if own_status().get("replication_state") == "streaming":
                    break
                if keys.leader_is(etcd, fact("MEMBER")):
                    break
            except PatroniError:
                pass
            time.sleep(1)
        if not self.stopping:
            self._finish(order, "streams")

    # --- ends ---------------------------------------------------------------------------------

    def _finish(self, order: Order, detail: str) -> None:
        if leaving.has_left():
            # That was said of the data before this.
            leaving.stay()
        bootstrap_from_backup(False)
        data.forget_fetched()
        files.write_phase("done", detail, order.id)
        files.remove(files.WORK, files.GO, files.CANCEL, files.ORDER)
        self.log(f"order {order.id} is done: {detail}")
        self._release()

    def _call_off(self, order_id: str) -> None:
        """Everything as it was, as far as it is still there."""
        work = files.read(files.WORK)
        self._stop()
        bootstrap_from_backup(False)
        if work.get("cleared"):
            data.put_back(work.get("aside") or "")
            data.remove(data.FAILED)
            keys.put_back(keys.client(), work.get("keys") or {})
        files.write_phase("none", f"order {order_id} was called off", None)
        files.remove(files.WORK, files.GO, files.CANCEL, files.ORDER)
        self.log(f"order {order_id} was called off")


def _works() -> bool:
    """By its own Patroni's word, this member takes writes."""
    try:
        own = own_status()
    except PatroniError:
        return False
    return own.get("role") == "primary" and own.get("state") == "running"
