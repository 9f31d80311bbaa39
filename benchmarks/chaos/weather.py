"""Faults of GitHub, one after the other: deliveries that go astray, calls that fail."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos.hub import Door

OF_EVENTS = ("duplicate", "delay", "reorder", "drop")
OF_CALLS = ("error", "timeout_after", "secondary", "slow")
METHODS = ("POST", "POST", "POST", "PATCH", "PUT", "DELETE", "GET")


@dataclass(slots=True)
class Weather:
    door: Door
    dice: random.Random
    pause: float = 2.0
    """Seconds between two faults at most."""
    asked: Counter[str] = field(default_factory=Counter)

    async def storm(self) -> None:
        """Ask for faults until cancelled."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.1, self.pause))
            fault = self.fault()
            await self.door.control("POST", "faults", fault)
            self.asked[fault["kind"]] += 1

    async def clear(self) -> None:
        """Have all faults end that were not met yet."""
        await self.door.control("DELETE", "faults")

    def fault(self) -> dict[str, Any]:
        seconds = round(self.dice.uniform(0.1, 3.0), 2)
        if self.dice.random() < 0.5:
            return {"kind": self.dice.choice(OF_EVENTS), "seconds": seconds}
        kind = self.dice.choice(OF_CALLS)
        more = {"method": self.dice.choice(METHODS), "app": True}
        status = self.dice.choice((500, 502, 503))
        return {"kind": kind, "seconds": seconds, "status": status, **more}
