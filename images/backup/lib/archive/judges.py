"""What each archive lacks, judged anew when something changed."""

from __future__ import annotations

from . import continuity
from .continuity import Judgement
from .view import View

# Judging tens of thousands of names takes a tenth of a second: not at every file that passes.
JUDGE_SECONDS = 2.0


class Judges:
    """The judgements in force. Belongs to the shipping thread."""

    def __init__(self) -> None:
        self.by_archive: dict[str, dict[str, Judgement]] = {}
        """By repository and archive id."""
        self._judged: dict[str, tuple[int, float]] = {}
        self._found: dict[str, set[str]] = {}

    def forget(self, repository: str) -> None:
        """A repository that is no longer configured."""
        for known in (self.by_archive, self._judged, self._found):
            known.pop(repository, None)

    def listed(self, repository: str) -> None:
        """There is a new listing: what it lacks is judged at once and remembered as its gaps."""
        self._judged.pop(repository, None)

    def judge(self, view: View, now: float) -> None:
        """Judges a repository's archives when they changed."""
        listed = view.name not in self._judged
        version, at = self._judged.get(view.name, (-1, -1e9))
        if not view.seen or view.version == version or now - at < JUDGE_SECONDS:
            return
        found: dict[str, Judgement] = {}
        for archive in {*view.files, *(backup.archive for backup in view.backups)}:
            judged = continuity.judge(
                view.files.get(archive, {}),
                [backup for backup in view.backups if backup.archive == archive],
                view.histories.get(archive, {}),
            )
            if judged is not None:
                found[archive] = judged
        self.by_archive[view.name] = found
        self._judged[view.name] = (view.version, now)
        if listed:
            here = found.get(view.archive)
            self._found[view.name] = set(here.missing) if here else set()

    def current(self, view: View) -> Judgement | None:
        """The judgement on the running cluster's archive."""
        return self.by_archive.get(view.name, {}).get(view.archive)

    def was_gap(self, repository: str, name: str) -> bool:
        """Whether the newest listing had a gap there, which is now filled."""
        gaps = self._found.get(repository, set())
        if name not in gaps:
            return False
        gaps.discard(name)
        return True
