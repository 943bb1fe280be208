"""./holdfast bench: what its programs in containers measure, and that replication is put back whatever happens."""

import io
import json
import os
import subprocess
import sys
import tempfile
import types
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

BENCH = Path(__file__).resolve().parents[2] / "commands" / "bench"


def load(name: str) -> types.ModuleType:
    """A program beside the TypeScript that hands it over as text."""
    module = types.ModuleType(name)
    exec(compile((BENCH / f"{name}.py").read_text(), f"{name}.py", "exec"), module.__dict__)
    return module


class FakePatroni(types.ModuleType):
    """Patroni's API: remembers what it was told."""

    class PatroniError(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("patroni_api")
        self.mode: object = "quorum"
        self.told: list[object] = []
        self.failures = 0

    def config(self, host: str) -> dict[str, object]:
        return {"synchronous_mode": self.mode}

    def change(self, host: str, method: str, path: str, body: dict, timeout: float) -> str:
        if self.failures > 0:
            self.failures -= 1
            raise self.PatroniError("no etcd")
        assert (method, path, list(body)) == ("PATCH", "/config", ["synchronous_mode"])
        self.mode = body["synchronous_mode"]
        self.told.append(self.mode)
        return "{}"


class Replication(unittest.TestCase):
    def setUp(self) -> None:
        self.patroni = FakePatroni()
        with mock.patch.dict(sys.modules, {"patroni_api": self.patroni}):
            self.program = load("replication")
        self.program.PAUSE_SECONDS = 0.0

    def run_with(self, orders: str, *arguments: str) -> tuple[int, list[str]]:
        out = io.StringIO()
        with mock.patch("sys.stdin", io.StringIO(orders)), redirect_stdout(out), redirect_stderr(io.StringIO()):
            code = self.program.main(list(arguments))
        return code, out.getvalue().splitlines()

    def test_there_and_back(self) -> None:
        code, said = self.run_with("asynchronous\nquorum\nasynchronous\n")
        self.assertEqual((code, said), (0, ['"quorum"', "ok", "ok", "ok", "back"]))
        self.assertEqual(self.patroni.told, [False, "quorum", False, "quorum"])

    def test_nobody_listens_any_more(self) -> None:
        with mock.patch.object(self.program, "print", side_effect=BrokenPipeError, create=True):
            code = self.run_with("asynchronous\n")[0]
        self.assertEqual((code, self.patroni.mode), (0, "quorum"))

    def test_an_order_that_fails_is_put_back_too(self) -> None:
        self.patroni.failures = 1
        code, said = self.run_with("asynchronous\n")
        self.assertEqual((code, said, self.patroni.mode), (1, ['"quorum"', "back"], "quorum"))
        self.assertEqual(self.run_with("sometimes\n"), (1, ['"quorum"', "back"]))

    def test_it_tries_until_patroni_takes_it(self) -> None:
        self.patroni.mode = False
        self.patroni.failures = 5
        self.assertEqual(self.run_with("", '"quorum"'), (0, ['"quorum"', "back"]))
        self.assertEqual(self.patroni.mode, "quorum")

    def test_when_patience_ends_it_is_not_called_back(self) -> None:
        self.program.PATIENCE_SECONDS = 0.0
        self.patroni.failures = 10**6
        self.assertEqual(self.run_with(""), (1, ['"quorum"']))


REPORT = """transaction type: <builtin: TPC-B (sort of)>
number of transactions actually processed: 4
number of failed transactions: 0 (0.000%)
latency average = 2.500 ms
initial connection time = 9.000 ms
tps = 1467.943372 (without initial connection time)
"""


class Pgbench(unittest.TestCase):
    def setUp(self) -> None:
        self.program = load("pgbench")

    def test_percentiles_are_measured_values(self) -> None:
        values = list(range(1, 101))
        found = [self.program.percentile(values, percent) for percent in (50, 95, 99, 100)]
        self.assertEqual(found, [50, 95, 99, 100])
        self.assertEqual(self.program.percentile([7], 50), 7)

    def test_report(self) -> None:
        found = self.program.judged(REPORT, [1000, 2000, 3000, 4000])
        self.assertEqual(
            found,
            {"tps": 1467.943372, "transactions": 4.0, "p50Ms": 2.0, "p95Ms": 4.0, "p99Ms": 4.0},
        )

    def test_what_is_no_measurement(self) -> None:
        for text, taken in (
            (REPORT.replace("failed transactions: 0", "failed transactions: 3"), [1]),
            (REPORT.replace("tps = ", "speed "), [1]),
            (REPORT, []),
        ):
            with self.assertRaises(SystemExit):
                self.program.judged(text, taken)

    def run_it(self, pgbench: str) -> tuple[subprocess.CompletedProcess, list[str]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            (path / "bin").mkdir()
            (path / "bin" / "pgbench").write_text(f"#!/bin/sh\n{pgbench}\n")
            (path / "bin" / "pgbench").chmod(0o755)
            (path / "work").mkdir()
            (path / "work" / "pgpass").write_text("kept")
            environment = os.environ | {"PATH": f"{path / 'bin'}:{os.environ['PATH']}"}
            command = [sys.executable, "-c", (BENCH / "pgbench.py").read_text(), str(path / "work"), "shop"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            return done, sorted(one.name for one in (path / "work").iterdir())

    def test_both_threads_logs_are_read_and_removed(self) -> None:
        script = f"""prefix=${{2#--log-prefix=}}
printf '0 1 1000 0 1 1\\n0 2 3000 0 1 1\\n' > "$prefix.88"
printf '1 1 2000 0 1 1\\n' > "$prefix.88.1"
cat <<'END'
{REPORT}END"""
        done, left = self.run_it(script)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout)["p50Ms"], 2.0)
        self.assertEqual(left, ["pgpass"])

    def test_its_failure_is_said_in_its_words(self) -> None:
        done, left = self.run_it('touch "${2#--log-prefix=}.88"; echo no route >&2; exit 2')
        self.assertEqual((done.returncode, done.stdout, left), (1, "", ["pgpass"]))
        self.assertIn("pgbench ended with code 2: no route", done.stderr)


if __name__ == "__main__":
    unittest.main()
