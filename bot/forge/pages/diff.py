"""A file's patch as rows with both line numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.forge.git import FileChange

HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
ROW_LIMIT = 3000
"""Rows of one file that a page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    kind: str
    """`hunk`, `added`, `removed`, `same` or `note`."""
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    change: FileChange
    rows: tuple[Row, ...]
    hidden: int
    """Rows left out."""


def show(change: FileChange) -> ShownFile:
    found = tuple(rows(change.patch)) if change.patch else ()
    hidden = max(0, len(found) - ROW_LIMIT)
    return ShownFile(change=change, rows=found[:ROW_LIMIT], hidden=hidden)


def rows(patch: str) -> Iterator[Row]:
    """Number the lines of a patch or of one hunk."""
    old = new = 0
    for line in patch.split("\n"):
        sign, text = line[:1], line[1:]
        if found := HUNK.match(line):
            old, new = int(found[1]), int(found[2])
            yield Row(kind="hunk", text=line)
        elif sign == "+":
            yield Row(kind="added", text=text, new=new)
            new += 1
        elif sign == "-":
            yield Row(kind="removed", text=text, old=old)
            old += 1
        elif sign == "\\":
            yield Row(kind="note", text=text.strip())
        else:
            yield Row(kind="same", text=text, old=old, new=new)
            old, new = old + 1, new + 1
