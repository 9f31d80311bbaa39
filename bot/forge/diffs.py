"""Which lines of a pull request can be commented on: those that its diff shows."""

import re
from dataclasses import dataclass, field

from bot.forge.git import FileChange

HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(slots=True)
class Shown:
    """The lines of one file's diff by side, each with its hunk up to there."""

    lines: dict[tuple[str, int], str] = field(default_factory=dict)

    def hunk(self, side: str, line: int | None) -> str | None:
        return self.lines.get((side, line or 0))


def shown(file: FileChange) -> Shown:
    found, hunk = Shown(), ""
    old = new = 0
    for row in (file.patch or "").split("\n"):
        start = HUNK.match(row)
        if start:
            old, new, hunk = int(start[1]), int(start[2]), row
            continue
        hunk += "\n" + row
        if not row.startswith("+"):
            found.lines["LEFT", old] = hunk
            old += 1
        if not row.startswith("-"):
            found.lines["RIGHT", new] = hunk
            new += 1
    return found
