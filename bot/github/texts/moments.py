"""Times and counts as people read them."""

from datetime import UTC, datetime


def clock(at: float | str) -> str:
    """`14:05 UTC`, from a Unix time or GitHub's ISO 8601."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)
    return moment.astimezone(UTC).strftime("%H:%M UTC")


def duration(seconds: float) -> str:
    """`48 s`, `9 min`, `1 h 5 min`."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 file`, `3 files`, `2 entries`."""
    return f"{number} {noun}" if number == 1 else f"{number} {nouns or f'{noun}s'}"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}" + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
