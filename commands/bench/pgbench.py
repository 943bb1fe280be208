"""Runs pgbench for `./holdfast bench` and prints one JSON object of what it measured.

usage: pgbench.py FOLDER ARGUMENT...   The folder, of its own, takes pgbench's log of single
transactions, from which the percentiles come; it is emptied afterwards. Exit code 1 with pgbench's words when it
failed, or when a transaction did.
"""

import glob
import json
import math
import os
import re
import subprocess
import sys


def figure(text: str, pattern: str) -> float:
    """The number that pgbench prints behind these words. Raises SystemExit without it."""
    found = re.search(pattern + r"\s*([0-9.]+)", text)
    if found is None:
        raise SystemExit(f"pgbench printed nothing like {pattern!r}: {text[-400:]}")
    return float(found.group(1))


def percentile(ordered: list[int], percent: float) -> int:
    """Nearest rank, as commands/statistics.ts: always a measured value."""
    return ordered[math.ceil(percent / 100 * len(ordered)) - 1]


def latencies(folder: str) -> list[int]:
    """Microseconds of each logged transaction (third field), in ascending order."""
    taken = []
    for file in glob.glob(f"{folder}/log.*"):
        with open(file, encoding="ascii") as lines:
            taken += [int(line.split(" ", 3)[2]) for line in lines]
    return sorted(taken)


def judged(text: str, taken: list[int]) -> dict[str, float]:
    """pgbench's own report, and the percentiles in milliseconds."""
    failed = figure(text, r"number of failed transactions:")
    if failed > 0:
        raise SystemExit(f"{failed:.0f} transactions failed: {text[-400:]}")
    if not taken:
        raise SystemExit("pgbench logged no transaction")
    return {
        "tps": figure(text, r"tps ="),
        "transactions": figure(text, r"number of transactions actually processed:"),
        **{f"p{percent}Ms": percentile(taken, percent) / 1000 for percent in (50, 95, 99)},
    }


def main(folder: str, arguments: list[str]) -> None:
    try:
        done = subprocess.run(
            ["pgbench", "--log", f"--log-prefix={folder}/log", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"pgbench ended with code {done.returncode}: {done.stderr.strip()[-400:]}")
        print(json.dumps(judged(done.stdout, latencies(folder))))
    finally:
        for file in glob.glob(f"{folder}/log.*"):
            os.unlink(file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
