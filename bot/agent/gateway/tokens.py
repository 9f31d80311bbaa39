"""Tokens of one call, in the same terms whatever protocol told them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST = 10**9
"""A count beyond it is no count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a call used."""

    input: int = 0
    """Cached ones, and those that were written to a cache, too."""
    cached: int = 0
    written: int = 0
    """To a cache."""
    written_hour: int = 0
    """Of those, to a cache that lasts an hour."""
    output: int = 0
    """Reasoning ones too."""
    reasoning: int = 0


def count(values: Mapping[str, Any], name: str) -> int:
    """Read a count that an endpoint told; what is absent or no count is 0."""
    value = values.get(name)
    return value if type(value) is int and 0 <= value <= MOST else 0


def part(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Read a mapping within a mapping; an empty one where there is none."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}
