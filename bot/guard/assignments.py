"""Our own rule for passwords and keys of no known shape: an assignment to a telling name.

It leans to silence: words that people use in tests and examples, names of variables and
sentences are not secrets. Known shapes are ``bot/guard/secrets.py``'s scanner's business.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

_ASSIGNED = re.compile(
    rb"(?P<name>pass(?:word|wd|phrase)|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|token"
    rb"|credential)[\w-]{0,24}[\"'`]?\]?[ \t]{0,8}(?::[ \t]?\w{1,12}[ \t]?=|=>|:=|[=:])[ \t]{0,8}"
    rb"(?:[bru]{0,2}(?P<quote>[\"'`])(?P<quoted>[^\"'`\s]{8,256})(?P=quote)"
    rb"|(?P<bare>[^\s\"'`,;(){}\[\]<>]{12,256})(?=[\s,;]|\Z))",
    re.IGNORECASE,
)
_PASSWORD = re.compile(rb"pass|pwd|cred", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    rb"example|sample|dummy|placeholder|change[_-]?me|redacted|replace|insert|your|xxx|\*\*\*|\.\.\."
    rb"|\$\{|\{\{|\$\(|%\(|fake|todo|lorem|test|demo|abcd|12345|qwert|passw|secret|deadbeef|token",
    re.IGNORECASE,
)
_NAMES = re.compile(rb"[$@]?[a-z_]+\d?(?:[./:_+-]{1,2}[a-z_]+\d?)*|[$@A-Z_]+\d?", re.IGNORECASE)
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HASH = re.compile(rb"sha\d{1,3}[:-]", re.IGNORECASE)
_CLASSES = tuple(re.compile(rb"[" + letters + rb"]") for letters in (rb"a-z", rb"A-Z", rb"0-9"))

PASSWORD_BITS = 2.8
KEY_BITS = 3.2


class Hit(NamedTuple):
    """A suspicious value: which rule says so, and where it stands in the data."""

    rule: str
    start: int
    end: int


def find(data: bytes) -> Iterator[Hit]:
    """Find strong values that are assigned to names like ``password`` or ``api_key``."""
    for match in _ASSIGNED.finditer(data):
        group = "quoted" if match["quoted"] is not None else "bare"
        value = match[group]
        if _PASSWORD.match(match["name"]):
            if _strong(value, shortest=8, bits=PASSWORD_BITS):
                yield Hit("generic-password", *match.span(group))
        elif _strong(value, shortest=16, bits=KEY_BITS):
            yield Hit("generic-api-key", *match.span(group))


def _strong(value: bytes, *, shortest: int, bits: float) -> bool:
    if len(value) < shortest or _innocent(value):
        return False
    lower, upper, digit = (bool(letters.search(value)) for letters in _CLASSES)
    return digit and (lower or upper) and _entropy(value) >= bits


def _innocent(value: bytes) -> bool:
    if _PLACEHOLDER.search(value) or _HASH.match(value):
        return True
    return bool(_NAMES.fullmatch(value) or _UUID.fullmatch(value) or b"://" in value)


def _entropy(value: bytes) -> float:
    """Bits per byte, after Shannon."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())
