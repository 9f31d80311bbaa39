"""Keep the operator's own secrets out of what is stored of a run: events and logs of commands."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from bot.guard.known import WITHHELD, withhold, withhold_lines, withhold_within
from bot.runs import RunEvent

PIECE = 2**20
"""Characters of a log that are looked at together."""
SEAM = 2**12
Secrets = Callable[[], Sequence[str]]


def masked(events: Sequence[RunEvent], secrets: Secrets) -> list[RunEvent]:
    """Give the events without our secrets: whoever saw one may have told it in any field."""
    return [
        event.model_copy(update={"data": withhold_within(secrets, event.data)}) for event in events
    ]


def mask_log(path: Path, secrets: Secrets) -> None:
    """Write the log of a command anew where it shows one of our secrets."""
    if not secrets() or not path.is_file():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    pieces = list(_pieces(text))
    clean = [withhold_lines(secrets, piece) for piece in pieces]
    seams = (before[-SEAM:] + after[:SEAM] for before, after in pairwise(clean))
    if any(withhold(secrets, seam) is WITHHELD for seam in seams):
        clean = [WITHHELD]
    if clean != pieces:
        path.write_text("".join(clean), encoding="utf-8")


def _pieces(text: str) -> Sequence[str]:
    """Cut it at ends of lines, so that no line is in two pieces where lines are of any length."""
    found, start = [], 0
    while start < len(text):
        end = text.find("\n", start + PIECE) + 1 or len(text)
        found.append(text[start:end])
        start = end
    return found
