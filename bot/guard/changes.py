"""A change to one path of a tree, as the rules see it."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

ABSENT = "000000"


class Mode(StrEnum):
    """Git's modes of tree entries."""

    FILE = "100644"
    EXECUTABLE = "100755"
    LINK = "120000"
    GITLINK = "160000"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One path that differs between two trees.

    Modes are git's words; None or ``000000`` where the path is absent. ``lines`` holds the line
    number of each line of ``added``; without it they count from 1. ``link_target`` is the blob of
    a symbolic link.
    """

    path: str
    old_mode: str | None
    new_mode: str | None
    size: int
    """Bytes of the new blob."""
    added: bytes = b""
    lines: tuple[int, ...] = ()
    link_target: bytes | None = None

    @property
    def deleted(self) -> bool:
        return self.new_mode in (None, ABSENT)

    def line(self, nth: int) -> int:
        """Translate a line of ``added`` (from 1) to a line of the file."""
        return self.lines[nth - 1] if nth <= len(self.lines) else nth


def added_lines(old: bytes, new: bytes) -> tuple[bytes, tuple[int, ...]]:
    """Return the lines of ``new`` that ``old`` has not, joined, and their numbers.

    No diff is asked: attributes of the repository under test (``-diff``, ``textconv``) cannot hide
    a line from this, and moved lines are not new.
    """
    if not old:
        return new, ()
    left = Counter(old.split(b"\n"))
    kept, numbers = [], []
    for number, line in enumerate(new.split(b"\n"), start=1):
        if left[line] > 0:
            left[line] -= 1
        else:
            kept.append(line)
            numbers.append(number)
    return b"\n".join(kept), tuple(numbers)
