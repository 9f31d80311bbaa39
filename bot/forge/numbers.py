"""Numbers as callers write them: decimal digits of ASCII, as many as an id can have."""

DIGITS = 18


def whole(text: str) -> int | None:
    """Read a number; None: it is none, or larger than any that we give."""
    return int(text) if len(text) <= DIGITS and text.isascii() and text.isdigit() else None
