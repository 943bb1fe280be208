"""What a drill found out: its checks in order, and the figures that its record shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from backup.errors import BackupError, RepositoryFault

Say = Callable[[str], None]
# A detail is one line for people; the log has the rest.
DETAIL_CHARACTERS = 600


# A fault in what is stored shows in one of these; in others, with the way to it or with the drill.
STORED = (
    "restore",
    "replay to mark",
    "checksums",
    "replay to target",
    "amcheck",
    "verify",
    "sha256",
)


class Refused(BackupError):
    """What was asked for cannot be: nothing was tried, and nothing is recorded."""


class NothingToRestore(BackupError):
    """The repository holds no backup of this kind."""


@dataclass(frozen=True)
class Check:
    """One check. `passed` None: it could not be made, and `detail` says why."""

    name: str
    passed: bool | None
    detail: str
    needed: bool = True
    """Whether the drill is a proof only with it."""


@dataclass
class Findings:
    """Filled in while the drill runs. Times are seconds since the epoch."""

    say: Say
    step: str = "begin"
    """What runs now: names the check that failed when it raises."""
    checks: list[Check] = field(default_factory=list)
    label: str = ""
    target_kind: str = "latest"
    target_value: str = ""
    rto: float | None = None
    rpo: float | None = None
    recovered_to: float | None = None
    mark_lsn: str = ""
    mark_at: float | None = None
    present_at: float | None = None
    absent_at: float | None = None
    tables: int = 0
    rows: int = 0
    bytes: int = 0
    cause: str = ""
    """Of a repository that could not be used: unreachable, damaged and so on."""

    def begin(self, step: str, text: str = "") -> None:
        """The next step, with a line of progress."""
        self.step = step
        self.say(text or step)

    def add(self, name: str, faults: Iterable[str], good: str) -> bool:
        """A check that passed when there are no faults; `good` is its detail then."""
        found = list(faults)
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        detail = one_line("; ".join(found[:3])) + more if found else good
        self.checks.append(Check(name, not found, detail))
        self.say(f"{'FAILED' if found else 'passed'}: {name}: {detail}")
        return not found

    def not_made(self, name: str, reason: str, needed: bool = True) -> None:
        """A check that could not be made. Without one that is `needed` nothing is proven."""
        self.checks.append(Check(name, None, one_line(reason), needed))
        self.say(f"not checked: {name}: {one_line(reason)}")

    def failed(self, error: BaseException) -> None:
        """The step that runs now ended with an error."""
        if isinstance(error, RepositoryFault):
            self.cause = error.cause
        self.add(self.step, [str(error) or type(error).__name__], "")

    @property
    def passed(self) -> bool:
        """Whether every check passed: one that was not made has not."""
        made = [check for check in self.checks if check.passed is not None or check.needed]
        return bool(made) and all(check.passed for check in made)

    @property
    def damaged(self) -> bool:
        """Whether what is stored is at fault, and another backup would mend it."""
        if self.cause not in ("", "damaged", "other"):
            return False
        return any(check.passed is False and check.name in STORED for check in self.checks)

    @property
    def error(self) -> str:
        """The failures in one line; empty without one. The first is the reason of the others, and
        a later one may name the file."""
        failed = [f"{check.name}: {check.detail}" for check in self.checks if check.passed is False]
        open_ = [check for check in self.checks if check.passed is None and check.needed]
        failed += [f"not checked: {check.name}: {check.detail}" for check in open_]
        return one_line("; ".join(failed)) if self.checks else "nothing was checked"


def one_line(text: str) -> str:
    """Without line breaks, and not endless."""
    line = " ".join(text.split())
    return line if len(line) <= DETAIL_CHARACTERS else line[: DETAIL_CHARACTERS - 1] + "…"
