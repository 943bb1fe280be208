"""Runs a command in a container for a measurement, and ends it when nobody listens any more.

`docker exec` leaves what it started running when it is interrupted. This reads its standard input,
which ends then. Prints one JSON object: `seconds`, `code`, `output`.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time

begin = time.monotonic()
child = subprocess.Popen(
    sys.argv[1:],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.PIPE,
    text=True,
    start_new_session=True,
)


def watch() -> None:
    sys.stdin.buffer.read()
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)


threading.Thread(target=watch, daemon=True).start()
output, _ = child.communicate()
seconds = time.monotonic() - begin
print(json.dumps({"seconds": seconds, "code": child.returncode, "output": output}), flush=True)
# The watching thread holds the lock of standard input, for which an orderly end would wait.
os._exit(0)
