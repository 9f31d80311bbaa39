"""Take credentials out of what a host says, whole or in part, plain or encoded."""

import base64
import json
import re
from urllib.parse import quote

from bot.log import MASK, Masker

PART = 8
"""So many characters of a credential in a row are masked already."""


class Scrubber:
    """Knows the credentials of one endpoint; for texts of a few thousand characters."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self.secrets = tuple(secret for secret in secrets if len(secret) >= PART)
        pieces = {piece for secret in self.secrets for piece in _pieces(secret)}
        alternatives = "|".join(map(re.escape, sorted(pieces, key=len)[::-1]))
        # looks ahead, so that parts which overlap are all found
        self._known = re.compile(f"(?=(?:{alternatives}))") if pieces else None
        self._masker = Masker(self.secrets)

    def __call__(self, text: str) -> str:
        hidden = {
            at + offset
            for found in (self._known.finditer(text) if self._known else ())
            for at in (found.start(),)
            for offset in range(PART)
        }
        shown = "".join("\0" if at in hidden else c for at, c in enumerate(text))
        return self._masker(re.sub("\0+", MASK, shown))


def forms(secret: str) -> set[str]:
    """Write a credential in the ways in which it could be told."""
    raw = secret.encode()
    encoded = {
        secret,
        secret[::-1],
        raw.hex(),
        raw.hex().upper(),
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
    }
    for shift in range(3):
        aligned = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = aligned[shift and shift + 1 : -1]
        encoded |= {inner, inner.replace("+", "-").replace("/", "_")}
    return encoded


def _pieces(secret: str) -> set[str]:
    return {
        form[start : start + PART]
        for form in forms(secret)
        for start in range(max(1, len(form) - PART + 1))
    }
