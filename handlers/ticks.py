"""Boxes in our own comments and pull requests: a tick is the command that it stands for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.github.marker import Markers
from bot.github.texts import answers
from bot.guard.commands import PREFIX, CommandLine
from handlers.labels import PLAN, REVIEW

_OF_LABEL = {PLAN: "plan", REVIEW: "review"}
"""The command for what a label starts; every other label is the trigger."""
_OPEN = re.compile(r"^- \[ \] (.+)$")
_TICKED = re.compile(r"^- \[[xX]\] (.+)$")


@dataclass(frozen=True, slots=True)
class Box:
    """What a ticked text means, as words after `/coppice`; ``text`` is all of the comment."""

    label: re.Pattern[str]
    words: Callable[[re.Match[str], str], Sequence[str]]


BOXES = (
    Box(
        re.compile(r"Approve (?:plan|amendment) `([0-9a-f]{4,64})`"),
        lambda match, _: ("approve", match[1]),
    ),
    Box(
        re.compile(r"Go on all the same `([0-9a-f]{4,64})`"),
        lambda match, _: ("approve", match[1]),
    ),
    Box(re.compile(r"Stop"), lambda *_: ("stop",)),
    Box(re.compile(r"Retry"), lambda *_: ("retry",)),
    Box(
        re.compile(r"Retry with ([$0-9][$0-9A-Za-z., ]*) more"),
        lambda match, _: ("retry", f"budget={_typed(match[1])}"),
    ),
    Box(re.compile(r"Run CI"), lambda *_: ("ci",)),
    Box(re.compile(r"Ready for review"), lambda *_: ("ready",)),
    Box(
        re.compile(r"Start it for `[^`]+`(?: \(write access\))?"),
        lambda _, text: _refused_start(text),
    ),
)


def _typed(budget: str) -> str:
    """Write a budget as people type it: `60,000 tokens and 30 min` is `60000tokens,30min`."""
    parts = [part.replace(",", "").replace(" ", "") for part in budget.split(" and ")]
    return ",".join(f"{part[1:]}usd" if part.startswith("$") else part for part in parts)


def _refused_start(text: str) -> Sequence[str]:
    """The words after `/coppice` that somebody was refused for, or what the label stands for."""
    asked = (answers.refused(text) or "").split()
    if asked[:1] == [PREFIX] and asked[1:]:
        return asked[1:]
    return (_OF_LABEL.get(asked[-1].casefold(), "run"),) if asked else ("run",)


def ticked(before: str, after: str) -> str | None:
    """Return the text of the one box that an edit ticked; None where it changed anything else.

    From the difference, never from a later text: two people who click at once are two edits.
    """
    old, new = before.splitlines(), after.splitlines()
    changed = [(a, b) for a, b in zip(old, new, strict=False) if a.rstrip() != b.rstrip()]
    if len(old) != len(new) or len(changed) != 1:
        return None
    was, now = _OPEN.match(changed[0][0].rstrip()), _TICKED.match(changed[0][1].rstrip())
    return now[1] if was and now and was[1] == now[1] else None


def command(box: str, text: str, markers: Markers) -> CommandLine | None:
    """Translate the label of a box in ``text`` into its command; None: it is no box of ours."""
    if not markers.genuine(text):
        return None
    for each in BOXES:
        if match := each.label.fullmatch(box):
            verb, *words = each.words(match, text)
            return CommandLine(line=0, verb=verb, words=tuple(words))
    return None
