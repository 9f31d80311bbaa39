"""What a process needs before it is ready, part by part, in words that anybody may read."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.log import logger

PROBE_SECONDS = 2.0
KEPT_SECONDS = 1.0
"""A look is good for so long, so that asking often costs the database nothing."""
OK = "ok"

_log = logger(__name__)

Probe = Callable[[], Awaitable[object]]


class Unready(Exception):
    """A part is not ready, for a reason in words that anybody may read."""


class Health:
    """Parts that are there or missing; a probe of one is made each time somebody asks."""

    def __init__(self, *parts: str, kept: float = KEPT_SECONDS) -> None:
        self._kept = kept
        self._missing = dict.fromkeys(parts, "not there yet")
        self._there: dict[str, str] = {}
        self._probes: dict[str, Probe] = {}
        self._looked_at = 0.0
        self._turn = asyncio.Lock()

    def has(self, part: str, how: str = OK) -> None:
        """Say that a part is there."""
        self._missing.pop(part, None)
        self._there[part] = how

    def lacks(self, part: str, why: str) -> None:
        """Say what is wrong with a part, in words without names of hosts or people."""
        self._there.pop(part, None)
        self._missing[part] = why

    def probe(self, part: str, probe: Probe) -> None:
        """Have a part looked at when somebody asks; it is there unless ``probe`` raises.

        What ``probe`` answers in words is shown with the part.
        """
        self._probes[part] = probe
        self.lacks(part, "not there yet")

    @property
    def missing(self) -> list[str]:
        return list(self._missing)

    @property
    def parts(self) -> dict[str, str]:
        return self._there | self._missing

    async def look(self) -> bool:
        """Look anew at what can be probed; True: nothing is missing."""
        async with self._turn:
            if time.monotonic() - self._looked_at >= self._kept:
                for part, probe in list(self._probes.items()):  # one may be added meanwhile
                    await self._look_at(part, probe)
                self._looked_at = time.monotonic()
        return not self._missing

    async def _look_at(self, part: str, probe: Probe) -> None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                how = await probe()
        except TimeoutError:
            self.lacks(part, "does not answer in time")
        except Unready as why:
            self.lacks(part, str(why))
        except Exception as error:  # noqa: BLE001 whatever it is, the part is missing
            _log.warning("%s is not ready: %s", part, error)
            self.lacks(part, "cannot be reached")
        else:
            self.has(part, how if isinstance(how, str) else OK)
