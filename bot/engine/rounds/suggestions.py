"""Suggested changes of a review, applied as they are: pure, on the lines of a file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_BLOCK = re.compile(r"^(`{3,})suggestion[^\n]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Other lines in the place of some."""

    thread: str
    first: int
    """From 1."""
    last: int
    text: str


def suggested(body: str) -> str | None:
    """Read the one suggestion of a comment; None: there is none, or more than one."""
    found = _BLOCK.findall(body.replace("\r\n", "\n"))
    return found[0][1] if len(found) == 1 else None


def applied(content: str, suggestions: Iterable[Suggestion]) -> tuple[str, list[str]]:
    """Put suggestions into a file; answer it with the threads whose suggestion went in.

    Of two for the same lines the later one is left out.
    """
    lines = _lines(content)
    taken: list[Suggestion] = []
    for one in suggestions:
        fits = 1 <= one.first <= one.last <= len(lines)
        if fits and all(one.last < other.first or other.last < one.first for other in taken):
            taken.append(one)
    for one in sorted(taken, key=lambda each: each.first, reverse=True):
        new = _ending_as(lines[one.last - 1], one.text)
        lines[one.first - 1 : one.last] = [new] if new else []
    return "".join(lines), [one.thread for one in taken]


def _lines(content: str) -> list[str]:
    """Split as git counts lines: a form feed, or a line separator of Unicode, ends none."""
    *whole, rest = content.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _ending_as(old: str, text: str) -> str:
    """Have the new lines end as the old one does; GitHub sends suggestions without `\\r`."""
    if old.endswith("\r\n"):
        return text.replace("\n", "\r\n")
    return text if old.endswith("\n") else text.removesuffix("\n")
