"""Recognise the operator's own secrets in what would leave the machine: whole, cut or encoded.

The box keeps them from whoever works in it; this is the net below it. Caught: twelve letters and
digits of a secret in a row, plain, reversed, in hex, in Base64, and with whatever else between
them (quotes, line ends, `+`). Not caught: what is compressed or encrypted.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

PART = 12
STEP = 4
"""Pieces begin so far apart: a row of ``PART + STEP - 1`` is found wherever it begins."""
SHORTEST = 12
"""A shorter one is no secret: `not-needed`, `lm-studio`."""
WITHHELD = "(withheld: it holds a secret of this Coppice's operator)"
_STRONG = re.compile(rb"[0-9]|[a-z].*[A-Z]|[A-Z].*[a-z]")
_OTHER = re.compile(rb"[^A-Za-z0-9]+")
_ARMOUR = re.compile(r"-----[^-]*-----")


class Known:
    """Knows secrets by pieces of theirs; compares letters and digits alone."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts = {part for secret in secrets for part in _parts(secret)}
        found = {piece for part in parts for form in _forms(part.encode()) for piece in _cut(form)}
        self._pieces = {piece for piece in found if len(piece) == PART}
        self._whole = found - self._pieces

    def shows(self, data: bytes) -> bool:
        """Tell whether one of them shows in it."""
        if not self._pieces and not self._whole:
            return False
        plain = _OTHER.sub(b"", data)
        rows = (plain[at : at + PART] for at in range(len(plain) - PART + 1))
        return not self._pieces.isdisjoint(rows) or any(whole in plain for whole in self._whole)


def withhold(secrets: Callable[[], Sequence[str]], text: str) -> str:
    """Give the text, or a word in its place where one of the secrets shows in it."""
    return WITHHELD if _known(tuple(secrets())).shows(text.encode(errors="replace")) else text


@lru_cache(4)
def _known(secrets: tuple[str, ...]) -> Known:
    return Known(secrets)


def _parts(secret: str) -> Iterator[str]:
    """Take a key in PEM line by line: what its frame and its first line say, all keys say."""
    lines = _ARMOUR.sub("", secret).split()
    if "-----BEGIN" in secret:
        lines = [line for line in lines[1:] if len(line) > 2 * PART]
    yield from (line for line in lines if len(line) >= SHORTEST)


def _forms(raw: bytes) -> Iterator[bytes]:
    for each in (raw, raw[::-1]):
        yield each
        yield each.hex().encode()
        yield each.hex().upper().encode()
        for shift in range(3):
            # what stands before a secret moves its bits: the edges hang on the neighbours
            whole = base64.b64encode(b"\0" * shift + each).rstrip(b"=")
            inner = whole[shift and shift + 1 : -1]
            yield from (inner, inner[::-1])


def _cut(form: bytes) -> Iterator[bytes]:
    plain = _OTHER.sub(b"", form)
    pieces = [plain[at : at + PART] for at in range(0, len(plain) - PART + 1, STEP)]
    strong = [piece for piece in pieces if _STRONG.search(piece)]  # words alone are anybody's
    yield from strong or ([plain] if len(plain) > PART + STEP else [])
