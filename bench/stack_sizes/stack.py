"""A stack of its own, in a copy of the work folder: settings, state and names that nobody else has."""

import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

# A member that is seeded on a busy machine; ten of them, one after the other.
LONGEST_SECONDS = 3600.0
# Which Docker daemon this machine's launcher has started, if it did.
STARTED = Path(".holdfast/run/started.json")


class Failed(Exception):
    """A command of the launcher did not succeed."""


class Stack:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = f"s{secrets.token_hex(2)}"
        self.folder = Path(tempfile.mkdtemp(prefix="holdfast-sizes-"))

    def prepare(self) -> None:
        """The copy of what git tracks or would track, and all that the machine lacks."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (self.root / name).exists():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.root / name, self.folder / name, follow_symlinks=False)
        (self.folder / "node_modules").symlink_to(self.root / "node_modules")
        self._carry(self.root, self.folder)
        self.size(2)
        self.run("setup")

    def size(self, replicas: int) -> None:
        """Pulumi.dev.yaml's values but for the number of replicas."""
        text = with_replicas((self.root / "Pulumi.dev.yaml").read_text(), replicas)
        (self.folder / f"Pulumi.{self.name}.yaml").write_text(text)

    def run(self, *words: str) -> None:
        """`./holdfast WORD… --stack NAME --yes`. Raises Failed with its last words."""
        command = [str(self.folder / "holdfast"), *words, "--stack", self.name, "--yes"]
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A Ctrl-C is for this bench alone, which then lets the launcher end in order.
            start_new_session=True,
        )
        try:
            text, _ = child.communicate(timeout=LONGEST_SECONDS)
        except BaseException:
            child.send_signal(signal.SIGINT)
            child.communicate()
            raise
        if child.returncode != 0:
            last = "\n".join(text.strip().splitlines()[-15:])
            raise Failed(f"holdfast {' '.join(words)} ended with {child.returncode}:\n{last}")

    def timed(self, *words: str) -> float:
        """Seconds that a command took."""
        begin = time.monotonic()
        self.run(*words)
        return time.monotonic() - begin

    def remove(self) -> None:
        """Everything of it, whatever happened; a second Ctrl-C does not keep it."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.run("down", "--data")
        except (Failed, OSError, subprocess.SubprocessError):
            self._remove_labelled()
        finally:
            self._carry(self.folder, self.root)
            shutil.rmtree(self.folder, ignore_errors=True)
            signal.signal(signal.SIGINT, before)

    def _remove_labelled(self) -> None:
        for listing, removal in (
            (["ps", "-aq"], ["rm", "--force", "--volumes"]),
            (["volume", "ls", "-q"], ["volume", "rm", "--force"]),
            (["network", "ls", "-q"], ["network", "rm"]),
        ):
            label = ["--filter", f"label=holdfast.stack={self.name}"]
            found = subprocess.run(["docker", *listing, *label], capture_output=True, text=True, check=False)
            if found.stdout.split():
                subprocess.run(["docker", *removal, *found.stdout.split()], capture_output=True, check=False)

    @staticmethod
    def _carry(from_: Path, to: Path) -> None:
        if (from_ / STARTED).exists():
            (to / STARTED).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(from_ / STARTED, to / STARTED)


def with_replicas(text: str, replicas: int) -> str:
    """A stack file with another number of replicas. Raises ValueError when it names none."""
    changed, count = re.subn(r"^(\s+replicas:) \d+", rf"\g<1> {replicas}", text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError("Pulumi.dev.yaml names no database.replicas")
    return changed
