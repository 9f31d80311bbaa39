"""Lines of a diff: which of them can be commented on, and where they are after a push."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.forge.git import FileChange

HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a patch; a line is None where its side does not have it."""

    position: int
    """Rows below the first `@@`."""
    hunk: int
    """Position of its `@@`."""
    old: int | None
    new: int | None


@dataclass(slots=True, kw_only=True)
class Shown:
    """The lines of one file's diff, by side and number."""

    patch: list[str]
    rows: dict[tuple[str, int], Row] = field(default_factory=dict)

    def row(self, side: str, line: int | None) -> Row | None:
        return self.rows.get((side, line or 0))

    def at(self, position: int) -> tuple[str, int] | None:
        """The side and line of a position; None where there is no line."""
        for key, row in self.rows.items():
            if row.position == position and (row.new is None or key[0] == "RIGHT"):
                return key
        return None

    def hunk(self, row: Row) -> str:
        """The hunk down to a row, as GitHub shows it above a thread."""
        return "\n".join(self.patch[row.hunk : row.position + 1])


def shown(file: FileChange) -> Shown:
    found = Shown(patch=(file.patch or "").split("\n"))
    for row in _rows(found.patch):
        if row.old is not None:
            found.rows["LEFT", row.old] = row
        if row.new is not None:
            found.rows["RIGHT", row.new] = row
    return found


def _rows(patch: list[str]) -> Iterator[Row]:
    old = new = hunk = 0
    for position, text in enumerate(patch):
        start = HUNK.match(text)
        if start:
            old, new, hunk = int(start[1]), int(start[2]), position
            continue
        if text.startswith("\\"):
            continue
        of_old, of_new = not text.startswith("+"), not text.startswith("-")
        yield Row(
            position=position,
            hunk=hunk,
            old=old if of_old else None,
            new=new if of_new else None,
        )
        old, new = old + of_old, new + of_new


def moved(file: FileChange | None, line: int) -> int | None:
    """Where a line of the old file is in the new one; None: it was changed or removed.

    ``file`` None: the file is as it was.
    """
    if file is None:
        return line
    if file.status in ("removed", "renamed") or file.patch is None:
        return None
    shift = 0
    for row in _rows(file.patch.split("\n")):
        if row.old is not None and row.old > line:
            break
        if row.old == line:
            return row.new
        shift += (row.new is not None) - (row.old is not None)
    return line + shift
