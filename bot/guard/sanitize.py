"""Take out of a text what people do not see when GitHub shows it, and report every piece.

Agents read the source of an issue, people its rendering; what only one of the two can see is
where orders are hidden (``security.md``, row 8). Not looked into: mathematics and diagrams, which
GitHub draws, and the addresses of links.
"""

import re
from dataclasses import dataclass

from bot.guard import invisible, markup
from bot.guard.markup import Kind, Piece

MOST_ROUNDS = 10
SHOWN = 500
LONGEST = 65_536
"""GitHub takes no more; what is longer did not come from there."""

_LAYOUT = re.compile(
    r"(?:\s*(?:width|height|align|valign|colspan|rowspan|open|hspace|border)"
    r"(?:\s*=\s*[\"']?\w{1,12}%?[\"']?)?|\s+alt\s*=\s*[\"']?image[\"']?|\s*(?:href|src)\s*=\s*\S+|\s|/)*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A piece that was taken out; ``text`` makes at most 500 characters of it readable."""

    kind: Kind
    line: int
    """Where it stood, from 1; counted without the pieces that were found before it."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanitized:
    """What is left, and all that is not."""

    text: str
    removed: tuple[Removed, ...]


def sanitize(text: str) -> Sanitized:
    """Return the text as a reader of its rendering knows it."""
    removed: list[Removed] = []
    text = invisible.unix_lines(text)
    if len(text) > LONGEST:
        text = _without(text, [Piece(LONGEST, len(text), Kind.LENGTH)], removed)
    for _ in range(MOST_ROUNDS):
        unseen = [Piece(*span, Kind.INVISIBLE) for span in invisible.spans(text)]
        pieces = unseen or markup.hidden(text)
        if not pieces:
            return Sanitized(text=text, removed=tuple(removed))
        text = _without(text, pieces, removed)
    # Somebody nests on purpose: nothing of it can be markup any more.
    return Sanitized(text=text.replace("<", "&lt;").replace("[", "&#91;"), removed=tuple(removed))


def _without(text: str, pieces: list[Piece], removed: list[Removed]) -> str:
    parts, at, line = [], 0, 1
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if piece.start < at:
            continue
        line += text.count("\n", at, piece.start)
        parts += [text[at : piece.start], piece.instead]
        gone = text[piece.start : piece.end]
        if _worth_telling(text[: piece.start][-1:], gone, piece.kind):
            readable = invisible.shown(gone)[:SHOWN]
            removed.append(Removed(kind=piece.kind, line=line, text=readable))
        line += gone.count("\n")
        at = piece.end
    return "".join([*parts, text[at:]])


def _worth_telling(before: str, gone: str, kind: Kind) -> bool:
    if kind is Kind.INVISIBLE:
        return invisible.worth_telling(before, gone)
    if kind is Kind.ATTRIBUTE:
        return not _LAYOUT.fullmatch(gone)
    return kind is not Kind.ALT or gone.lower() not in ("image", "img")
