"""One try of a delivery: its handler decides, the decision is carried out, the outcome is said."""

import hashlib
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.errors import EffectDelayed, EffectRefused, UserError
from bot.intake.delivery import Delivery
from bot.log import bound, logger
from bot.runs import (
    Again,
    Commanded,
    Decision,
    DecisionKind,
    Effect,
    Pause,
    Start,
    Tell,
    ignore,
)
from bot.store.journal.arrivals import Settlement
from bot.telemetry import seen

_log = logger(__name__)

_STRONGEST = (DecisionKind.START, DecisionKind.TELL, DecisionKind.EFFECT, DecisionKind.IGNORE)

Handle = Callable[[Delivery], Awaitable[Decision]]

ALTERED = "its body was changed in the database after it had come in; `coppice verify-store`"


class Actor(Protocol):
    """What carries decisions out; every act may be asked for twice and must then change nothing."""

    async def effect(self, delivery: Delivery, effect: Effect, n: int) -> None:
        """Write to GitHub. Raises EffectDelayed or EffectRefused."""

    async def start(self, start: Start | Again) -> str | None:
        """Begin or go on with a run; answer why not, or None."""

    async def tell(self, tell: Tell) -> str | None:
        """Send a message to a run; answer why not, or None."""

    async def pause(self, pause: Pause) -> None:
        """Let nothing new begin in a repository, or let it again."""

    async def note(self, commands: Sequence[Commanded]) -> None:
        """Write into the audit log what was asked for."""


class _Outcome:
    """What a decision came to, as far as it was carried out."""

    def __init__(self, reason: str | None) -> None:
        self.kind = DecisionKind.IGNORE
        self.reasons = [reason] if reason else []
        self.runs: list[str] = []

    def note(self, kind: DecisionKind, run: str | None, why_not: str | None) -> None:
        if why_not is not None:
            self.reasons.append(why_not)
            return
        if run and run not in self.runs:
            self.runs.append(run)
        if _STRONGEST.index(kind) < _STRONGEST.index(self.kind):
            self.kind = kind


async def attempt(
    delivery: Delivery, seq: int, *, handle: Handle, act: Actor, backoff: Sequence[float]
) -> Settlement:
    """Try a delivery once; `due_at` of the answer says when it is to be tried again.

    One whose body is not what its first try saw is given up: nobody signed what it says now.
    """
    digest = hashlib.sha256(delivery.payload).digest()
    if delivery.digest not in (None, digest):
        return Settlement(seq, DecisionKind.DEAD, delivery.attempts, ALTERED)
    with seen.delivery(
        delivery.guid,
        delivery.event,
        repository=delivery.repository,
        received_at=delivery.received_at,
        tries=delivery.attempts,
    ) as told:
        settled = await _attempt(delivery, seq, handle=handle, act=act, backoff=backoff)
        told.outcome, told.runs = settled.decision.value, settled.runs
    return settled._replace(digest=digest)


async def _attempt(
    delivery: Delivery, seq: int, *, handle: Handle, act: Actor, backoff: Sequence[float]
) -> Settlement:
    tries = delivery.attempts + 1
    try:
        with bound(delivery=delivery.guid):
            outcome = await _carry_out(delivery, await handle(delivery), act)
    except EffectDelayed as error:
        due_at = time.time() + error.seconds
        return Settlement(seq, DecisionKind.PENDING, delivery.attempts, str(error), (), due_at)
    except (UserError, EffectRefused) as error:
        return Settlement(seq, DecisionKind.IGNORE, tries, str(error))
    except Exception as error:  # noqa: BLE001
        with bound(delivery=delivery.guid):
            _log.exception("try %d of a delivery failed (%s)", tries, delivery.event)
        return _failed(seq, tries, f"{type(error).__name__}: {error}", backoff)
    reason = "; ".join(outcome.reasons) or None
    return Settlement(seq, outcome.kind, tries, reason, tuple(outcome.runs))


def _failed(seq: int, tries: int, reason: str, backoff: Sequence[float]) -> Settlement:
    if tries > len(backoff):
        return Settlement(seq, DecisionKind.DEAD, tries, reason)
    due_at = time.time() + backoff[tries - 1]
    return Settlement(seq, DecisionKind.ERROR, tries, reason, (), due_at)


def objects_only(handle: Handle) -> Handle:
    """Ignore payloads that are JSON but no object: handlers need not expect them."""

    async def decide(delivery: Delivery) -> Decision:
        if not delivery.payload.lstrip().startswith(b"{"):
            return ignore("the payload is not a JSON object")
        return await handle(delivery)

    return decide


async def _carry_out(delivery: Delivery, decision: Decision, act: Actor) -> _Outcome:
    """Effects first, they are what people wait for; one that is refused does not stop the rest."""
    outcome = _Outcome(decision.reason)

    async def write(effects: Sequence[Effect]) -> None:
        for effect in effects:
            why_not = await _why_not(act.effect(delivery, effect, next(numbers)))
            outcome.note(DecisionKind.EFFECT, None, why_not)

    numbers = itertools.count()
    try:
        await write(decision.effects)
    finally:  # a decision that is made again may have fewer commands
        if decision.commands:
            await act.note(decision.commands)
    refused = False
    for start in decision.starts:
        run = start.run.id if isinstance(start, Start) else start.run_id
        why_not = await _why_not(act.start(start))
        outcome.note(DecisionKind.START, run, why_not)
        refused |= why_not is not None
    for tell in decision.tells:
        why_not = await _why_not(act.tell(tell))
        outcome.note(DecisionKind.TELL, tell.run_id, why_not)
        refused |= why_not is not None
    for pause in decision.pauses:
        await act.pause(pause)
        outcome.note(DecisionKind.TELL, None, None)
    await write(decision.otherwise if refused else decision.then)
    return outcome


async def _why_not(act: Awaitable[str | None]) -> str | None:
    try:
        return await act
    except (UserError, EffectRefused) as error:
        return str(error)
