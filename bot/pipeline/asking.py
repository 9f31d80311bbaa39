"""Have an agent make one attempt, and write down what it does."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentTask,
    Finished,
    FinishReason,
    Refusal,
    Role,
)
from bot.box.mount import TREE, Mount
from bot.guard.known import withhold_lines, withhold_within
from bot.pipeline.masking import mask_log
from bot.pipeline.ports import Attempt, Ports, Seat
from bot.runs import Json, RunEvent

LONGEST = 16_000
"""Characters of one text in the timeline; the middle of a longer one is left out."""
_SNAKE = re.compile(r"(?<=[a-z])(?=[A-Z])")
AGENT_ERROR = "agent_error"
_STOPPED_EARLY = {FinishReason.ERROR: AGENT_ERROR, FinishReason.LIMIT: "limit"}

Between = Callable[[AgentEvent], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an agent is asked, and what it may see."""

    role: Role
    prompt: str
    answer: Mapping[str, Json] | None = None
    """JSON Schema; None: no answer, the work counts."""
    mounts: tuple[Mount, ...] = ()
    turn: int = 1
    """How often this was asked in the same try of the stage."""


async def ask(
    attempt: Attempt, ports: Ports, seat: Seat, question: Question, between: Between | None = None
) -> Finished:
    """Run the agent to its end; ``between`` is awaited after each event, before it goes on."""
    task = AgentTask(
        role=question.role,
        prompt=question.prompt,
        attempt=attempt.overall + question.turn - 1,
        seconds=seat.left,
        repository=attempt.run.repository.full_name,
        issue=attempt.run.issue,
        answer=question.answer,
    )
    context = AgentContext(
        box=ports.box,
        mounts=question.mounts,
        log=_log(attempt, ports),
        files=folder(attempt, ports) / f"ask-{question.turn}",
        model=seat.model,
    )
    context.files.mkdir(parents=True, exist_ok=True)
    finished = Finished(reason=FinishReason.ERROR, message="the agent ended without a word")
    async with aclosing(seat.runtime.run(task, context)) as events:
        async for event in events:
            await ports.record([timeline(event, attempt)])
            if isinstance(event, Finished):
                finished = _clean(event, ports)
            elif between is not None:
                await between(event)
    await asyncio.to_thread(mask_log, context.log, ports.secrets)
    return finished


def _clean(finished: Finished, ports: Ports) -> Finished:
    """What an agent answers is stored and shown: none of it holds a secret of ours."""
    message = withhold_lines(ports.secrets, finished.message)
    return replace(
        finished, message=message, answer=withhold_within(ports.secrets, finished.answer)
    )


def stopped_early(finished: Finished, seat: Seat) -> Refusal | None:
    """Say why the attempt came to nothing by itself: the gateway's word outweighs the agent's."""
    if seat.model is not None and seat.model.refusal is not None:
        return seat.model.refusal
    if finished.reason is FinishReason.LIMIT and seat.used_up is not None and not seat.left:
        return Refusal(kind="budget", message=seat.used_up)
    if finished.reason in _STOPPED_EARLY:
        kind = finished.kind or _STOPPED_EARLY[finished.reason]
        return Refusal(kind=kind, message=finished.message, blocked=False)
    return None


def folder(attempt: Attempt, ports: Ports) -> Path:
    """The directory of this try: the same one after a crash."""
    return ports.files / "attempts" / attempt.key.replace("/", "-")


def read_only(mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """The worktree to be looked at."""
    return tuple(replace(mount, writable=False) for mount in mounts)


def nothing_but_a_place(attempt: Attempt, ports: Ports) -> tuple[Mount, ...]:
    """An empty directory in the place of the worktree."""
    empty = folder(attempt, ports) / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    return (Mount(source=empty, target=TREE),)


def timeline(event: AgentEvent, attempt: Attempt) -> RunEvent:
    """Turn an agent's event into a line of the run's timeline; its type is the event's name."""
    return RunEvent(
        stage=attempt.name,
        attempt=attempt.number,
        type=_SNAKE.sub("_", type(event).__name__).lower(),
        data={key: _bounded(value) for key, value in asdict(event).items()},
    )


def _bounded(value: Json) -> Json:
    """Keep head and tail of what is long; agents may say gigabytes."""
    if isinstance(value, str):
        if len(value) <= LONGEST:
            return value
        half = LONGEST // 2
        return f"{value[:half]}\n… {len(value) - LONGEST:,} characters left out …\n{value[-half:]}"
    if isinstance(value, Mapping):
        return {str(key)[:200]: _bounded(inner) for key, inner in list(value.items())[:100]}
    if isinstance(value, list | tuple):
        return [_bounded(inner) for inner in value[:100]]
    return value


def _log(attempt: Attempt, ports: Ports) -> Path:
    log = ports.files / "logs" / f"{attempt.name}-{attempt.overall}-agent.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    return log
