"""Recognise the operator's own secrets in what would leave the machine: whole, cut or encoded.

The box keeps them from whoever works in it; this is the net below it. Caught: twelve letters and
digits of a secret in a row, plain, reversed, in hex (of URLs too), in Base64, in rot13, and with
whatever else between them (quotes, line ends, `+`); the same once more in what was compressed by
gzip or zlib and written in Base64. Not caught: what is packed otherwise, or encrypted.
"""

import base64
import codecs
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from bot.runs import Json

PART = 12
STEP = 4
"""Pieces begin so far apart: a row of ``PART + STEP - 1`` is found wherever it begins."""
SHORTEST = 12
"""A shorter one is no secret: `not-needed`, `lm-studio`."""
WITHHELD = "(withheld: it holds a secret of this Coppice's operator)"
_STRONG = re.compile(rb"[0-9]|[a-z].*[A-Z]|[A-Z].*[a-z]")
_OTHER = re.compile(rb"[^A-Za-z0-9]+")
_PACKED = re.compile(rb"(?:H4sI|eJ|eN|eA)[A-Za-z0-9+/_-]{16,}")
"""Base64 of what gzip and zlib begin with."""
MOST_UNPACKED = 2**20
MOST_PACKED = 100
_AUTO = 47
"""Of zlib: take its own frame or gzip's."""
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
        return any(self._shows(each) for each in (data, *_unpacked(data)))

    def _shows(self, data: bytes) -> bool:
        plain = _OTHER.sub(b"", data)
        rows = (plain[at : at + PART] for at in range(len(plain) - PART + 1))
        return not self._pieces.isdisjoint(rows) or any(whole in plain for whole in self._whole)


def withhold(secrets: Callable[[], Sequence[str]], text: str) -> str:
    """Give the text, or a word in its place where one of the secrets shows in it."""
    return WITHHELD if _known(tuple(secrets())).shows(text.encode(errors="replace")) else text


def withhold_lines(secrets: Callable[[], Sequence[str]], text: str) -> str:
    """Put a word in the place of the lines that show a secret; of all, where no line alone does."""
    known = _known(tuple(secrets()))
    if not known.shows(text.encode(errors="replace")):
        return text
    lines = text.split("\n")
    kept = [WITHHELD if known.shows(each.encode(errors="replace")) else each for each in lines]
    clean = "\n".join(kept)
    rest = "\n".join(each for each in kept if each is not WITHHELD)
    return WITHHELD if known.shows(rest.encode(errors="replace")) else clean


def withhold_within(secrets: Callable[[], Sequence[str]], value: Json) -> Json:
    """Do the same to every text in what is to be stored, keys too."""
    if isinstance(value, str):
        return withhold_lines(secrets, value)
    if isinstance(value, Mapping):
        return {
            withhold(secrets, str(key)): withhold_within(secrets, inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [withhold_within(secrets, inner) for inner in value]
    return value


@lru_cache(4)
def _known(secrets: tuple[str, ...]) -> Known:
    return Known(secrets)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Unpack what looks compressed, up to a size that nobody can be held up with."""
    for found in islice(_PACKED.finditer(data), MOST_PACKED):
        token = found[0].translate(bytes.maketrans(b"-_", b"+/"))
        try:
            packed = base64.b64decode(token[: len(token) // 4 * 4])
            yield zlib.decompressobj(_AUTO).decompress(packed, MOST_UNPACKED)
        except (ValueError, zlib.error):
            continue


def _parts(secret: str) -> Iterator[str]:
    """Take a key in PEM line by line: what its frame and its first line say, all keys say."""
    lines = _ARMOUR.sub("", secret).split()
    if "-----BEGIN" in secret:
        lines = [line for line in lines[1:] if len(line) > 2 * PART]
    yield from (line for line in lines if len(line) >= SHORTEST)


def _forms(raw: bytes) -> Iterator[bytes]:
    turned = codecs.encode(raw.decode(), "rot13").encode()
    yield from (turned, turned[::-1])
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
