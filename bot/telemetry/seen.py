"""What is worth telling, as it happens: each fact in log, figures and traces at once."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bot.errors import EffectDelayed, EffectRefused
from bot.log import bound, logger
from bot.runs import RepositoryRef, Run, RunStatus, StageStatus
from bot.store.calls import Call
from bot.telemetry import counts, traces
from bot.telemetry.rates import RATES
from bot.telemetry.traces import Context, Value

Facts = dict[str, Value | None]
_QUIET = ("ignore", "unchanged")
"""Outcomes that nobody looks for in a log: the journal and the ledger have them."""
_log = logger(__name__)


@dataclass(slots=True)
class Told:
    """How something ended, filled in by whoever knows."""

    outcome: str = "failed"
    runs: tuple[str, ...] = ()
    """What it was about."""


@contextmanager
def delivery(
    guid: str, event: str, *, repository: str | None, received_at: float, tries: int
) -> Iterator[Told]:
    """One try of a delivery; ``tries`` were made before."""
    told = Told()
    facts: Facts = {
        "coppice.event": event,
        "coppice.repository": repository,
        "coppice.tries": tries + 1,
    }
    with traces.delivery(guid, first=not tries, **facts) as span:
        yield told
        span.note(**{"coppice.decision": told.outcome})
    with bound(delivery=guid, run=told.runs[0] if told.runs else None):
        _say("delivery", told.outcome, event=event, repository=repository, tries=tries + 1)
    counts.DELIVERIES.labels(told.outcome).inc()
    if told.outcome not in ("pending", "error"):
        counts.DELIVERY_SECONDS.observe(max(0.0, time.time() - received_at))


@contextmanager
def stage(run: str, name: str, attempt: int) -> Iterator[Told]:
    """One try of a stage, or the baseline."""
    told, began = Told(), time.monotonic()
    facts: Facts = {"coppice.run": run, "coppice.stage": name, "coppice.attempt": attempt}
    try:
        with traces.span(f"stage {name}", **facts) as span:
            yield told
            span.note(**{"coppice.status": told.outcome})
    except asyncio.CancelledError:
        told.outcome = StageStatus.CANCELLED.value
        raise
    finally:
        seconds = time.monotonic() - began
        with bound(run=run):
            _say("stage", told.outcome, stage=name, attempt=attempt, seconds=round(seconds, 3))
        counts.STAGES.labels(name, told.outcome).inc()
        counts.STAGE_SECONDS.labels(name).observe(seconds)


@contextmanager
def effect(kind: str, repository: RepositoryRef, run: str | None) -> Iterator[Told]:
    """One effect on GitHub; ``unchanged`` where nothing was to be written."""
    told, began = Told(), time.monotonic()
    facts: Facts = {"coppice.repository": repository.full_name, "coppice.run": run}
    try:
        with traces.span(f"effect {kind}", **facts) as span:
            yield told
            span.note(**{"coppice.outcome": told.outcome})
    except EffectDelayed:
        told.outcome = "delayed"
        raise
    except EffectRefused:
        told.outcome = "refused"
        raise
    finally:
        seconds = time.monotonic() - began
        where = repository.full_name
        with bound(run=run):
            _say("effect", told.outcome, effect=kind, repository=where, seconds=round(seconds, 3))
        counts.EFFECTS.labels(kind, told.outcome).inc()
        counts.EFFECT_SECONDS.observe(seconds)


def wrote(*, something: bool) -> str:
    """The outcome of an effect that was applied."""
    return "written" if something else "unchanged"


def run_ended(run: Run, status: RunStatus) -> None:
    """A run that has come to an end, for the first time or again."""
    where = run.repository.full_name
    with bound(run=run.id):
        _say("run", status.value, repository=where, issue=run.issue, agent=run.agent)
    counts.RUNS.labels(status.value).inc()
    facts: Facts = {
        "coppice.repository": where,
        "coppice.issue": run.issue,
        "coppice.status": status.value,
        "coppice.agent": run.agent,
    }
    traces.run_ended(run.id, (run.created_at, time.time()), **facts)


def model_called(call: Call, context: Context | None) -> None:
    """A call of a model that is settled; ``context`` is the stage's."""
    with bound(run=call.run_id):
        _say(
            "model call",
            call.status.value,
            stage=call.stage,
            model=call.model,
            tokens=call.tokens,
            usd=call.usd,
            seconds=round(call.seconds, 3),
        )
    counts.MODEL_CALLS.labels(call.model, call.status.value).inc()
    for kind, tokens in (("input", call.input_tokens), ("output", call.output_tokens)):
        counts.MODEL_TOKENS.labels(call.model, kind).inc(tokens)
    counts.MODEL_DOLLARS.labels(call.model).inc(call.usd or 0.0)
    facts: Facts = {
        "coppice.run": call.run_id,
        "coppice.stage": call.stage,
        "gen_ai.request.model": call.model,
        "gen_ai.usage.input_tokens": call.input_tokens,
        "gen_ai.usage.output_tokens": call.output_tokens,
        "coppice.usd": call.usd,
        "coppice.status": call.status.value,
    }
    times = call.started_at, call.started_at + call.seconds
    traces.record("model call", times, context, **facts)


def github_answered(owner: int, status: int | None, headers: Mapping[str, str]) -> None:
    """An answer of GitHub's API, or none; ``owner`` tells installations apart."""
    counts.GITHUB_CALLS.labels("none" if status is None else f"{status // 100}xx").inc()
    RATES.note(owner, headers)


def key_refused() -> None:
    """GitHub does not take the App's private key, and there is no other one."""
    counts.KEY_REFUSED.inc()


def swept(found: int) -> None:
    """Missed deliveries that were brought back."""
    counts.SWEPT.inc(found)


def _say(what: str, outcome: str, /, **facts: Value | None) -> None:
    level = logging.DEBUG if outcome in _QUIET else logging.INFO
    _log.log(level, "%s: %s", what, outcome, extra=facts | {"outcome": outcome})
