"""The handover lock: one key with a lease in etcd, renewed while the work goes on (M15)."""

import contextlib
import threading
import time

from etcd_gateway import Etcd, EtcdError


POLL_SECONDS = 0.5


class LockHeld(Exception):
    """Another handover is under way; the text names its holder."""


class Lock:
    """A context manager around a key. The lease ends by itself when the holder dies.

    Args:
        seconds: how long the lock outlives its holder.
        patience: how long to wait while another holds it, seconds; 0 = not at all.
    """

    def __init__(
        self, etcd: Etcd, key: str, holder: str, seconds: int = 10, patience: float = 0.0
    ) -> None:
        self.etcd = etcd
        self.key = key
        self.holder = holder
        self.seconds = seconds
        self.patience = patience
        self.lease = ""
        self._ended = threading.Event()
        self._renewer: threading.Thread | None = None

    def __enter__(self) -> "Lock":
        end = time.monotonic() + self.patience
        while (other := self._take()) is not None:
            if time.monotonic() >= end:
                raise LockHeld(f"{self.key} is held by {other}")
            time.sleep(POLL_SECONDS)
        self._renewer = threading.Thread(target=self._renew, daemon=True)
        self._renewer.start()
        return self

    def _take(self) -> str | None:
        """None when the lock is ours now, else its holder."""
        self.lease = self.etcd.grant_lease(self.seconds)
        other = self.etcd.create(self.key, self.holder, self.lease)
        if other is not None:
            self.etcd.revoke_lease(self.lease)
        return other

    def _renew(self) -> None:
        # A client of its own: the two threads must not share tokens and host order.
        etcd = Etcd(self.etcd.hosts, self.etcd.user, self.etcd.password, self.etcd.timeout)
        while not self._ended.wait(self.seconds / 3):
            with contextlib.suppress(EtcdError):
                etcd.renew_lease(self.lease)

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with contextlib.suppress(EtcdError):
            self.etcd.revoke_lease(self.lease)
