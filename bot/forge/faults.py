"""Faults that a test asks for by `POST /_forge/faults`: which call or event, how often, what."""

import asyncio
import fnmatch
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import msgspec

from bot.forge.answers import Answer, Refusal
from bot.forge.limits import secondary


class FaultKind(StrEnum):
    DUPLICATE = "duplicate"  # the event is sent twice, under one GUID
    DELAY = "delay"  # the event is sent `seconds` later
    REORDER = "reorder"  # the event is sent after the next one of its repository
    DROP = "drop"  # the event is not sent; the delivery log shows it as failed
    ERROR = "error"  # the call answers `status` (502) and does nothing
    TIMEOUT_AFTER = "timeout_after"  # the call is carried out, its answer never comes
    SECONDARY = "secondary"  # the call meets the secondary limit and does nothing
    SLOW = "slow"  # the call waits `seconds` before it is carried out


OF_EVENTS = frozenset({FaultKind.DUPLICATE, FaultKind.DELAY, FaultKind.REORDER, FaultKind.DROP})


@dataclass(slots=True, kw_only=True)
class Fault:
    """``event`` is `issues` or `issues.labeled`; ``path`` may hold `*` or `{owner}`."""

    id: int
    kind: FaultKind
    event: str | None = None
    method: str | None = None
    path: str | None = None
    app: bool = False
    """Only calls of an App are spoiled, none of people's."""
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """So many matches pass unharmed first."""
    times: Annotated[int, msgspec.Meta(ge=1)] = 1
    """So many matches are hit, then it is used up."""
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 502

    def of_event(self, event: str, action: str | None) -> bool:
        return self.event in (None, event, f"{event}.{action}")

    def of_call(self, method: str, path: str, *, app: bool) -> bool:
        if self.app and not app:
            return False
        if self.method and self.method.upper() != method:
            return False
        wanted = re.sub(r"\{[^/}]*\}", "*", self.path or "*")
        return fnmatch.fnmatchcase(path, wanted)

    def hit(self) -> bool:
        """Count a match; say whether it is one to spoil."""
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass(slots=True)
class Faults:
    """All faults that are not used up."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def for_event(self, event: str, action: str | None) -> Fault | None:
        return self._first(
            [f for f in self.waiting if f.kind in OF_EVENTS and f.of_event(event, action)]
        )

    def for_call(self, method: str, path: str, *, app: bool) -> Fault | None:
        of_calls = [f for f in self.waiting if f.kind not in OF_EVENTS]
        return self._first([f for f in of_calls if f.of_call(method, path, app=app)])

    def _first(self, matching: list[Fault]) -> Fault | None:
        for fault in matching:
            if fault.hit():
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None


class Withheld(Exception):
    """The call was carried out, and its caller shall never learn of it."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


async def spoiled(
    faults: Faults,
    method: str,
    path: str,
    carry_out: Callable[[], Awaitable[Answer]],
    *,
    app: bool,
) -> Answer:
    """Carry a call out, unless a fault was asked for; raises Refusal or Withheld."""
    fault = faults.for_call(method, path, app=app)
    kind = fault.kind if fault else None
    if fault and kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
    if fault and kind is FaultKind.ERROR:
        raise Refusal(fault.status, "Server Error")
    if fault and kind is FaultKind.SECONDARY:
        raise secondary(fault.seconds)
    answer = await carry_out()
    if fault and kind is FaultKind.TIMEOUT_AFTER:
        raise Withheld(fault.seconds)
    return answer
