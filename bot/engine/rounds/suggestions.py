"""Suggested changes of a review, applied as they are: pure, on the lines of a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt

_BLOCKS = MarkdownIt("commonmark").disable("inline")
_WORD = "suggestion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Other lines in the place of some."""

    thread: str
    first: int
    """From 1."""
    last: int
    text: str
    before: Sequence[str]
    """The lines in whose place it is meant, without their ends."""


def suggested(body: str) -> str | None:
    """Read the one suggestion of a comment; None: there is none, or more than one.

    One that is shown as an example, quoted or hidden is none.
    """
    if _WORD not in body:
        return None
    blocks = _BLOCKS.parse(body.replace("\r\n", "\n"))
    found = [
        block.content
        for block in blocks
        if block.type == "fence" and block.level == 0 and block.info.split()[:1] == [_WORD]
    ]
    return found[0] if len(found) == 1 else None


def meant(hunk: str, count: int) -> tuple[str, ...] | None:
    """The last lines of a hunk as they read afterwards; None: it does not show so many."""
    new = [line[1:] for line in hunk.split("\n")[1:] if line.startswith((" ", "+"))]
    return tuple(line.removesuffix("\r") for line in new[-count:]) if len(new) >= count else None


def applied(content: str, suggestions: Iterable[Suggestion]) -> tuple[str, list[str]]:
    """Put suggestions into a file; answer it with the threads whose suggestion went in.

    Of two for the same lines the later one is left out, and so is one whose lines read otherwise
    by now.
    """
    lines = _lines(content)
    taken: list[Suggestion] = []
    for one in suggestions:
        fits = 1 <= one.first <= one.last <= len(lines)
        there = [line.rstrip("\r\n") for line in lines[one.first - 1 : one.last]]
        fits = fits and there == [line.rstrip("\r\n") for line in one.before]
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
