"""How many tokens a request may have at most: what is known of the ones before helps."""

from collections import deque
from math import ceil

from bot.agent.gateway.asking import Ask

REMEMBERED = 4
LARGEST = 4 * 2**20
SLACK = 1.02
"""Tokens at the seams: a shared text is not always cut the same way."""


class Sizer:
    """Remembers an attempt's last requests; agents send the same words again and add some."""

    def __init__(self) -> None:
        self._known: deque[tuple[bytes, int]] = deque(maxlen=REMEMBERED)

    def learn(self, ask: Ask, tokens: int) -> None:
        """Keep what a request really came to."""
        if tokens and len(ask.payload) <= LARGEST:
            self._known.append((ask.payload, tokens))

    def most(self, ask: Ask) -> int:
        """Bound the input: one token for each byte that is new, what was told for the rest."""
        known = (
            ceil(tokens * SLACK) + len(ask.payload) - _shared(ask.payload, before)
            for before, tokens in self._known
        )
        return min(ask.input, *known) if self._known else ask.input


def _shared(one: bytes, other: bytes) -> int:
    """Count the bytes at begin and end that two texts have in common."""
    begin = _common(one, other)
    most = min(len(one), len(other)) - begin
    end = _common(one[::-1][:most], other[::-1][:most])
    return begin + end


def _common(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
