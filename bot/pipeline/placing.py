"""Where on a difference a remark can stand: GitHub takes it at lines of the diff only. Pure.

One remark at another line has GitHub refuse the whole review.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.pipeline.findings import Finding

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_BINARY = re.compile(r"^Binary files ", re.MULTILINE)
Side = Literal["LEFT", "RIGHT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a hunk; a number is None where that side does not have it."""

    old: int | None
    new: int | None
    text: str
    hunk: int
    """Which hunk of the file, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDifference:
    """What changed in one file."""

    path: str
    rows: Sequence[Row]
    """Empty: binary, or nothing but its name or mode changed."""
    binary: bool = False
    """Git shows nothing of it: one NUL is enough for that."""
    _at: dict[tuple[Side, int], Row] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        at: dict[tuple[Side, int], Row] = {}
        for row in self.rows:
            if row.old is not None:
                at["LEFT", row.old] = row
            if row.new is not None:
                at["RIGHT", row.new] = row
        object.__setattr__(self, "_at", at)

    def row(self, side: Side, line: int) -> Row | None:
        return self._at.get((side, line))

    @property
    def deleted(self) -> bool:
        """Is nothing left of it, so that only its old side has lines?"""
        return bool(self.rows) and all(row.new is None for row in self.rows)

    def numbered(self) -> str:
        """Write it for a reader who has to name lines: old and new number before each."""
        lines = [f"--- {self.path}", f"{'old':>6} {'new':>6}"]
        hunk = 0
        for row in self.rows:
            if row.hunk != hunk:
                hunk = row.hunk
                lines.append("     …      …")
            mark = " " if None not in (row.old, row.new) else ("+" if row.old is None else "-")
            lines.append(f"{row.old or '':>6} {row.new or '':>6} {mark}{row.text}")
        if not self.rows:
            lines.append("(binary, or only its name or mode changed)")
        return "\n".join(lines) + "\n"


def read(sections: Iterable[tuple[str, str]]) -> tuple[FileDifference, ...]:
    """Read the parts of a difference, by file; a file that changed its type comes once."""
    found: dict[str, list[Row]] = {}
    binary: set[str] = set()
    for path, text in sections:
        found.setdefault(path, []).extend(_rows(text))
        binary |= {path} if _BINARY.search(text.partition("\n@@ ")[0]) else set()
    return tuple(
        FileDifference(path=path, rows=tuple(rows), binary=path in binary)
        for path, rows in found.items()
    )


def _rows(text: str) -> Iterator[Row]:
    old = new = minus = plus = hunk = 0
    for line in text.split("\n"):
        if minus <= 0 and plus <= 0:
            if head := _HUNK.match(line):
                old, minus, new, plus = (1 if n is None else int(n) for n in head.groups())
                hunk += 1
            continue
        if line.startswith("\\"):  # "\ No newline at end of file"
            continue
        is_old, is_new = not line.startswith("+"), not line.startswith("-")
        yield Row(
            old=old if is_old else None, new=new if is_new else None, text=line[1:], hunk=hunk
        )
        old, minus = old + is_old, minus - is_old
        new, plus = new + is_new, plus - is_new


def placed(finding: Finding, files: Sequence[FileDifference]) -> Finding:
    """Keep a finding's lines where they are lines of the difference, else only say them.

    On a file that was deleted only its old lines are there, whatever side was named.
    """
    there = next((file for file in files if file.path == finding.file), None)
    if finding.file is None or finding.line is None:
        return finding
    if there is None:
        return _nowhere(finding)
    side: Side = "LEFT" if there.deleted else finding.side
    row = there.row(side, finding.line)
    if row is None:
        return _nowhere(finding)
    first = finding.first_line
    begin = there.row(side, first) if first is not None and first < finding.line else None
    whole = begin is not None and begin.hunk == row.hunk
    return finding.model_copy(
        update={
            "side": side,
            "first_line": first if whole else None,
            "suggestion": finding.suggestion if side == "RIGHT" and (whole or not first) else None,
        }
    )


def _nowhere(finding: Finding) -> Finding:
    where = f"(line {finding.line}) {finding.reason}".strip()
    return finding.model_copy(
        update={"line": None, "first_line": None, "suggestion": None, "reason": where[:2000]}
    )


def line_of(finding: Finding, files: Sequence[FileDifference]) -> str:
    """Return the line that a placed finding stands at; empty where it stands at none."""
    there = next((file for file in files if file.path == finding.file), None)
    row = there.row(finding.side, finding.line) if there and finding.line else None
    return row.text if row else ""
