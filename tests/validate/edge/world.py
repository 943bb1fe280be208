"""Instances behind a real edge, a load on it, a fault: `world.py FAULT FOLDER [READY_SECONDS]`.

Faults: `none`, `killed` (SIGKILL), `all-but-one-killed`, `hung` (SIGSTOP, and SIGKILL after 4 s, as
who restarts it does), `stalled` (all of them stopped for 2 s, as on a machine without CPU), `sick`
(/healthz answers 503), `rolled` (two instances, replaced one after the other as `up` does: SIGTERM,
its end, a new one that has been well for READY_SECONDS).
stdout: JSON with what became of each request.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time

FAULT, FOLDER, *READY = sys.argv[1:]
EDGE = ("127.0.0.1", 8080)
ADDRESSES = ["127.0.1.1", "127.0.1.2", "127.0.1.3"][: 2 if FAULT == "rolled" else 3]
# As many a second as two shared cores carry beside the load itself.
PER_SECOND, FAULT_AT, RESTART_AT = 75, 2, 6
SECONDS = 20 if FAULT == "rolled" else 9
KINDS = ["get", "post", "keyed"]


class World:
    def __init__(self) -> None:
        self.instances = {
            f"app-{n}": self.start(f"app-{n}", address) for n, address in enumerate(ADDRESSES, 1)
        }
        self.requests: list[dict] = []
        self.fault = 0.0

    def start(self, name: str, address: str) -> subprocess.Popen:
        program = f"{os.path.dirname(__file__)}/instance.py"
        return subprocess.Popen([sys.executable, program, name, address, FOLDER])

    def roll(self) -> None:
        for name, address in zip(list(self.instances), ADDRESSES):
            self.signal(signal.SIGTERM, name)
            self.instances[name].wait()
            self.instances[name] = self.start(name, address)
            while not self.well(address):
                time.sleep(0.05)
            time.sleep(float(READY[0]))

    def well(self, address: str) -> bool:
        try:
            connection = http.client.HTTPConnection(address, 8000, timeout=1)
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def ask(self, kind: str, name: str) -> dict:
        method = "GET" if kind == "get" else "POST"
        headers = {"X-Request-ID": name}
        if kind == "keyed":
            headers["Idempotency-Key"] = name
        begin = time.time()
        status, by, error = 0, "", ""
        connection = http.client.HTTPConnection(*EDGE, timeout=15)
        try:
            # Headers and body in packets of their own, as browsers send them.
            connection.putrequest(method, "/")
            for header in {**headers, "Content-Length": "0" if kind == "get" else "2"}.items():
                connection.putheader(*header)
            connection.endheaders()
            if kind != "get":
                connection.send(b"{}")
            answer = connection.getresponse()
            status, by = answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as failure:
            error = repr(failure)
        finally:
            connection.close()
        return {"kind": kind, "name": name, "begin": begin, "end": time.time(), "status": status,
                "by": by if status == 200 else "", "error": error}

    def until_all_serve(self) -> None:
        seen: set[str] = set()
        deadline = time.monotonic() + 15
        while seen != set(self.instances):
            if time.monotonic() > deadline:
                raise SystemExit(f"only {sorted(seen)} serve")
            seen.add(self.ask("get", "warm-up0").get("by", ""))
            seen.discard("")

    def signal(self, number: int, *names: str) -> None:
        for name in names:
            self.instances[name].send_signal(number)

    def make_fault(self) -> None:
        self.fault = time.time()
        if FAULT == "killed":
            self.signal(signal.SIGKILL, "app-1")
        elif FAULT == "all-but-one-killed":
            self.signal(signal.SIGKILL, "app-1", "app-2")
        elif FAULT == "hung":
            self.signal(signal.SIGSTOP, "app-1")
        elif FAULT == "stalled":
            self.signal(signal.SIGSTOP, *self.instances)
            threading.Timer(2, self.signal, (signal.SIGCONT, *self.instances)).start()
        elif FAULT == "sick":
            open(f"{FOLDER}/app-1.sick", "w").close()
        elif FAULT == "rolled":
            threading.Thread(target=self.roll).start()

    def run(self) -> None:
        self.until_all_serve()
        time.sleep(5)  # slow start
        lock, threads = threading.Lock(), []

        def one(number: int) -> None:
            asked = self.ask(KINDS[number % len(KINDS)], f"request-{number}")
            with lock:
                self.requests.append(asked)

        begin = time.monotonic()
        for number in range(PER_SECOND * SECONDS):
            time.sleep(max(0.0, begin + number / PER_SECOND - time.monotonic()))
            if number == PER_SECOND * FAULT_AT:
                self.make_fault()
            if number == PER_SECOND * RESTART_AT and FAULT == "hung":
                self.signal(signal.SIGKILL, "app-1")
            threads.append(threading.Thread(target=one, args=(number,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        seen = {
            name: open(f"{FOLDER}/{name}.seen").read().splitlines() for name in self.instances
        }
        print(json.dumps({"fault": self.fault, "requests": self.requests, "seen": seen}))

    def end(self) -> None:
        for process in self.instances.values():
            process.kill()
            process.wait()


world = World()
try:
    world.run()
finally:
    world.end()
