"""The tick boxes in what Coppice writes: a line each, and what a ticked one asks for.

A box is read from the difference that an edit made (``ticked``), never from a later text.
"""

import re
from collections.abc import Iterator

from bot.runs import Record

SHOWN = 8
"""Characters of a hash that people see and type."""

STOP = "Stop"
RETRY = "Retry"
RUN_CI = "Run CI"
READY = "Ready for review"
_LINE = re.compile(r"^- \[(?P<mark>[ xX])\] (?P<text>[^\n]+?)\s*$", re.MULTILINE)
_VERBS = (
    (re.compile(r"Approve plan `(?P<value>[0-9a-f]{4,64})`"), "approve"),
    (
        re.compile(r"Also let it change .+ \(amends the plan, `(?P<value>[0-9a-f]{4,64})`\)"),
        "amend",
    ),
    (re.compile(r"Start it for `(?P<value>[^`]+)`(?: \(write access\))?"), "start"),
    (re.compile(r"Retry(?: with (?P<value>\S+) more)?"), "retry"),
    (re.compile(r"Stop()(?P<value>)"), "stop"),
    (re.compile(r"Run CI(?P<value>)"), "ci"),
    (re.compile(r"Ready for review(?P<value>)"), "ready"),
    (re.compile(r"Push all the same(?P<value>)"), "push"),
)


class Ticked(Record):
    """A box that somebody has just ticked."""

    verb: str
    """`approve`, `amend`, `start`, `retry`, `stop`, `ci`, `ready` or `push`."""
    value: str = ""
    """The hash, the login or the budget (`$2.00`) that the box names."""


def box(text: str) -> str:
    """Write an empty box."""
    return f"- [ ] {text}"


def approve(plan_hash: str) -> str:
    return box(f"Approve plan `{plan_hash[:SHOWN]}`")


def amend(paths: str, amendment_hash: str) -> str:
    return box(f"Also let it change {paths} (amends the plan, `{amendment_hash[:SHOWN]}`)")


def start_for(login: str) -> str:
    return box(f"Start it for `{login}` (write access)")


def ticked(before: str, after: str) -> list[Ticked]:
    """Name the boxes of ours that are ticked in ``after`` and stood empty in ``before``."""
    empty = {text for mark, text in _boxes(before) if mark == " "}
    full = [text for mark, text in _boxes(after) if mark != " " and text in empty]
    return [found for text in full if (found := _read(text))]


def _boxes(body: str) -> Iterator[tuple[str, str]]:
    text = body.replace("\r\n", "\n")
    return ((found["mark"], found["text"]) for found in _LINE.finditer(text))


def _read(text: str) -> Ticked | None:
    for pattern, verb in _VERBS:
        if found := pattern.fullmatch(text):
            return Ticked(verb=verb, value=found["value"] or "")
    return None
