"""What is left of GitHub's rate limit, as its own answers say; the scarcest installation counts."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import LRUCache

_RESOURCES = frozenset({"core", "graphql", "search", "code_search"})
LIMIT, REMAINING = "x-ratelimit-limit", "x-ratelimit-remaining"
RESET, RESOURCE = "x-ratelimit-reset", "x-ratelimit-resource"


@dataclass(frozen=True, slots=True)
class Rate:
    limit: int
    remaining: int
    reset_at: float
    """Unix time; by then the whole limit is there again."""

    @property
    def share(self) -> float:
        return self.remaining / self.limit if self.limit else 1.0


class Rates:
    """The newest answer for each installation and resource; all share what they are read by."""

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[int, str], Rate] = LRUCache(4096)

    def note(self, owner: int, headers: Mapping[str, str]) -> None:
        """Read an answer's headers; ``owner`` tells installations apart."""
        numbers = [headers.get(name, "") for name in (LIMIT, REMAINING, RESET)]
        if all(number.isdigit() and len(number) < 12 for number in numbers):
            limit, remaining, reset = map(int, numbers)
            resource = headers.get(RESOURCE, "core")
            self._kept[owner, resource if resource in _RESOURCES else "other"] = Rate(
                limit, remaining, float(reset)
            )

    def scarcest(self) -> dict[str, Rate]:
        """By resource: where least is left of what holds now."""
        now, found = time.time(), dict[str, Rate]()
        for (_, resource), rate in list(self._kept.items()):
            holds = rate if rate.reset_at > now else Rate(rate.limit, rate.limit, rate.reset_at)
            if resource not in found or holds.share < found[resource].share:
                found[resource] = holds
        return found


RATES = Rates()
"""Of this process."""
