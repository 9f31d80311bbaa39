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
    lines = content.splitlines(keepends=True)
    taken: list[Suggestion] = []
    for one in suggestions:
        fits = 1 <= one.first <= one.last <= len(lines)
        if fits and all(one.last < other.first or other.last < one.first for other in taken):
            taken.append(one)
    for one in sorted(taken, key=lambda each: each.first, reverse=True):
        ends = lines[one.last - 1].endswith("\n")
        new = one.text if ends or not one.text.endswith("\n") else one.text[:-1]
        lines[one.first - 1 : one.last] = [new] if new else []
    return "".join(lines), [one.thread for one in taken]
