"""What becomes of each review thread: fixed, declined or a question. Pure.

The agent says so in lines of its own (``1: fixed …``, ``2: declined because …``,
``3: question …``); what it says nothing about is judged by the difference.
"""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

from bot.github.conversations import ReviewThread
from bot.runs import Kept

_LINE = re.compile(
    r"^[\s*\->]*(?:thread\s+)?#?(?P<n>\d{1,3})[.:)]*\s*[:\-]?\s*"
    r"(?P<did>fixed|declined|question)\b(?:\s+because\b)?[\s:,.\-]*(?P<words>.*)$",
    re.IGNORECASE | re.MULTILINE,
)
LONGEST = 2000


class Did(StrEnum):
    FIXED = "fixed"
    DECLINED = "declined"
    QUESTION = "question"


class Answered(Kept):
    thread: str
    did: Did
    words: str = ""
    """The agent's own: not trusted."""
    suggested: bool = False
    """A suggestion was applied as it is."""


def answers(
    asked: Sequence[ReviewThread],
    said: str,
    *,
    changed: Collection[str],
    suggested: Collection[str],
) -> list[Answered]:
    """Answer every thread; ``asked`` are those that the agent was given, numbered from 1."""
    told = {int(m["n"]): (Did(m["did"].lower()), m["words"]) for m in _LINE.finditer(said)}
    found = [Answered(thread=t, did=Did.FIXED, suggested=True) for t in suggested]
    for n, thread in enumerate(asked, 1):
        if n in told:
            did, words = told[n]
            found.append(Answered(thread=thread.id, did=did, words=words.strip()[:LONGEST]))
        elif thread.path in changed:
            found.append(Answered(thread=thread.id, did=Did.FIXED))
        else:
            found.append(Answered(thread=thread.id, did=Did.QUESTION))
    return found
