"""Answers that GitHub may say of that they have not changed: within so many bytes for one process.

They are kept packed: as Python's objects an answer takes ten times as much, and a service that has
seen hundreds of repositories would hold nothing but what it once read in them.
"""

import json
import zlib
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

MOST_BYTES = 16 * 2**20
LARGEST = 2**20
"""Packed, with what is kept beside it; a larger one would push out hundreds."""
_BESIDE = 800
"""Bytes of one that is kept, beside its text and its address."""

Where = tuple[int, int | None]
"""Installation and repository; None: all of the installation's."""
Answer = tuple[str | None, str | None, Any, str | None]
"""ETag, time of the last change, the answer, the address of the next page."""


@dataclass(frozen=True, slots=True)
class _Packed:
    etag: str | None
    changed: str | None
    text: bytes
    more: str | None

    @property
    def size(self) -> int:
        return len(self.text) + _BESIDE


class Kept:
    """What was read last; what was not asked for again for the longest time goes first."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._answers: LRUCache[tuple[Where, str], _Packed] = LRUCache(most, lambda one: one.size)

    @property
    def bytes(self) -> int:
        return int(self._answers.currsize)

    def of(self, where: Where) -> "Answers":
        """The part that the clients of one repository share."""
        return Answers(where, self._answers)


@dataclass(frozen=True, slots=True, eq=False)
class Answers(MutableMapping[str, Answer]):
    """Answers by their addresses, as gidgethub asks for them; each look gives a new object."""

    where: Where
    _all: LRUCache[tuple[Where, str], _Packed] = field(repr=False)

    def __getitem__(self, url: str) -> Answer:
        found = self._all[self.where, url]
        return found.etag, found.changed, json.loads(zlib.decompress(found.text)), found.more

    def __setitem__(self, url: str, answer: Answer) -> None:
        etag, changed, data, more = answer
        packed = _Packed(etag, changed, zlib.compress(json.dumps(data).encode(), 1), more)
        if packed.size <= min(LARGEST, self._all.maxsize):
            self._all[self.where, url] = packed
        else:
            self._all.pop((self.where, url), None)

    def __delitem__(self, url: str) -> None:
        del self._all[self.where, url]

    def __iter__(self) -> Iterator[str]:
        return (url for where, url in self._all if where == self.where)

    def __len__(self) -> int:
        return sum(1 for _ in self)
