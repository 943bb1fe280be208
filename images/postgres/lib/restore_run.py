#!/usr/bin/python3
"""Restores the data directory as the order says. Patroni's custom bootstrap runs it.

usage: holdfast-restore-run

Leaves recovery.signal and the settings by which PostgreSQL fetches WAL from the same repository and
promotes itself at the target. Exit code 1 with pgBackRest's words in /run/patroni/restore-error.
"""

import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import restore_files as files
from repositories import DATA, command
from restore_order import Order, OrderFault, parse

ERROR = Path("/run/patroni/restore-error")
SHARE = re.compile(r"restore file .*, (\d+(?:\.\d+)?)%\)")
NOTABLE = re.compile(r"\b(INFO|WARN|ERROR):|^\s")
STATE_SECONDS = 1.0


def arguments(order: Order, label: str, timeline: int) -> list[str]:
    """pgBackRest's options for this order. Pure.

    Args:
        label: the base backup.
        timeline: the one to follow.
    """
    target: list[str] = []
    if order.kind == "time":
        target = ["--type=time", f"--target={postgres_time(order)}"]
    elif order.kind == "lsn":
        # Where the last record wanted ends; an inclusive target would replay one more.
        target = ["--type=lsn", f"--target={order.value}", "--target-exclusive"]
    if target:
        target.append("--target-action=promote")
    # By number: the newest one that PostgreSQL would find need not be the one meant.
    target.append(f"--target-timeline={timeline}")
    return [
        f"--pg1-path={DATA}",
        f"--set={label}",
        *target,
        "--log-level-console=detail",
        "restore",
    ]


def postgres_time(order: Order) -> str:
    """The moment as pgBackRest and PostgreSQL read it: `2026-11-25 11:58:00+00`."""
    moment = order.time()
    assert moment is not None
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    micros = f".{moment.microsecond:06d}" if moment.microsecond else ""
    zone = moment.strftime("%z")
    return text + micros + (zone[:3] if zone[3:] == "00" else f"{zone[:3]}:{zone[3:]}")


def reason(lines: list[str]) -> str:
    """pgBackRest's error with its indented continuation, without times. Pure."""
    kept: list[str] = []
    for line in lines:
        if "ERROR:" in line:
            kept = [line.split("ERROR:", 1)[1].strip()]
        elif kept and line.startswith(" "):
            kept.append(line.strip())
    return " ".join(kept) or " ".join(lines[-3:])


def main() -> int:
    ERROR.unlink(missing_ok=True)
    try:
        order = parse(files.read(files.ORDER))
        work = files.read(files.WORK)
        line = command(
            order.repository,
            order.stanza,
            *arguments(order, str(work["label"]), int(work["timeline"])),
        )
    except (OrderFault, KeyError, ValueError) as error:
        return _failed(f"the order cannot be read: {error}")
    Path(DATA).mkdir(mode=0o700, parents=True, exist_ok=True)
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    assert process.stdout
    tail = _follow(process.stdout, order)
    if process.wait() != 0:
        return _failed(reason(list(tail)))
    files.write_phase("recovering", "PostgreSQL fetches WAL and replays it", order.id)
    return 0


def _follow(output: Iterator[str], order: Order) -> deque[str]:
    """Copies what is notable and says how far it is; the last lines."""
    tail: deque[str] = deque(maxlen=40)
    due = 0.0
    for line in output:
        share = SHARE.search(line)
        if share and time.monotonic() >= due:
            due = time.monotonic() + STATE_SECONDS
            files.write_phase("restoring", f"{float(share[1]):.0f} % of the files", order.id)
        if NOTABLE.search(line) and not share:
            tail.append(line.rstrip())
            print(line.rstrip(), file=sys.stderr, flush=True)
    return tail


def _failed(text: str) -> int:
    print(f"holdfast-restore-run: {text}", file=sys.stderr)
    ERROR.write_text(text)
    return 1


if __name__ == "__main__":
    sys.exit(main())
