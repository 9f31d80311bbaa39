"""What an agent says of its work once it is done, where it says it in the form it was asked for."""

import re
from collections.abc import Collection

from bot.runs import Record

_FIRST = re.compile(
    r"^[\s*_>-]*Read first[*_]*:[*_\s]*(?P<said>\S.*)$", re.IGNORECASE | re.MULTILINE
)
_PLACE = re.compile(
    r"`?(?P<path>[^\s`,]+?)(?P<line>:\d{1,6})?`?(?:[\s,:-]+(?P<why>.*))?", re.DOTALL
)
LONGEST = 600
_LONGEST_WHY = 200


class Closing(Record):
    """Its last words, as they were written."""

    summary: str = ""
    """What was wrong, and what the change does."""
    place: str = ""
    """`src/acme/parser.py:41`, in a file that the work changes; empty: it named none."""
    why: str = ""


def read(message: str, changed: Collection[str]) -> Closing | None:
    """Read the closing words of an agent's message; None: it wrote none of that form."""
    lines = list(_FIRST.finditer(message))
    if not lines:
        return None
    last = lines[-1]
    paragraphs = [part.strip() for part in message[: last.start()].split("\n\n") if part.strip()]
    summary = paragraphs[-1] if paragraphs else ""
    found = _PLACE.fullmatch(last["said"].strip())
    if found is None or found["path"] not in changed:
        return Closing(summary=_short(summary))
    why = (found["why"] or "").strip()
    place = f"{found['path']}{found['line'] or ''}"
    return Closing(summary=_short(summary), place=place, why=why[:_LONGEST_WHY])


def _short(summary: str) -> str:
    """A longer one is a report, not the sentences that were asked for."""
    return summary if len(summary) <= LONGEST else ""
