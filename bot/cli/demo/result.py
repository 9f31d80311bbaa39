"""What `coppice demo --json` prints: one object, on failure too."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.cli.demo.hub import Hub, Write
from bot.pipeline import definition
from bot.pipeline.story import BASELINE, commands
from bot.runs import Run, RunEvent, RunStatus, StageKind, StageRecord
from bot.store import ledger, runs
from bot.store.database import Connection, Database

Json = dict[str, Any]
NOBODY: Json = {
    "stage": None,
    "class": "waiting",
    "message": "it waits for a person, and with --once nobody is there",
}
TIMINGS = ("accepted_ms", "first_reaction_ms", "first_check_run_ms", "overhead_ms", "total_ms")


@dataclass(slots=True, kw_only=True)
class Result:
    """Keys as in the interface; filled as far as the demo comes."""

    run: str | None = None
    agent: str
    model: str | None = None
    """For people: which one, or that it is none."""
    status: str = "failed"
    error: Json | None = None
    box: Json = field(default_factory=lambda: {"level": None, "name": None})
    attempts: int = 0
    state_dir: str
    repository: str | None = None
    issue_url: str | None = None
    pull_request: Json | None = None
    check_runs: list[Json] = field(default_factory=list)
    verify: list[Json] = field(default_factory=list)
    comments: int = 0
    effects: int = 0
    timings: Json = field(default_factory=lambda: dict.fromkeys(TIMINGS))

    def end(self, status: str, kind: str, message: str) -> None:
        """Say that it was not the run that ended it."""
        self.status, self.error = status, {"stage": None, "class": kind, "message": message}

    def as_json(self) -> Json:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the store knows of a run."""

    run: Run
    stages: Sequence[StageRecord]
    events: Sequence[tuple[int, float, RunEvent]]
    effects: int

    @classmethod
    async def read(cls, database: Database, run: Run) -> "Kept":
        def read(c: Connection) -> Kept:
            stages, events = runs.stages(c, run.id), runs.events(c, run.id)
            effects = ledger.count(c, run.id)
            return cls(run=run, stages=stages, events=events, effects=effects)

        return await database.read(read)

    def implementing(self) -> list[StageRecord]:
        kinds = definition.kinds(self.run.pipeline)
        return [s for s in self.stages if kinds.get(s.name) is StageKind.IMPLEMENT]

    def agent_seconds(self) -> float:
        """Sum what lies between the agent's first and last word in each attempt."""
        return sum(
            max(times) - min(times)
            for stage in self.implementing()
            if (times := [at for _, at, event in self.events if _is_of(event, stage)])
        )

    def command_seconds(self) -> float:
        return sum(result.seconds for stage in self.stages for result in commands(stage))


def _is_of(event: RunEvent, stage: StageRecord) -> bool:
    return (event.stage, event.attempt) == (stage.name, stage.attempt)


async def fill(result: Result, kept: Kept, hub: Hub) -> None:
    """Put in what the store and the forge say of an ended run."""
    run = kept.run
    result.run, result.status, result.effects = run.id, run.status.value, kept.effects
    result.error = run.error.model_dump(by_alias=True) if run.error else None
    if run.status is RunStatus.WAITING:
        result.status, result.error = RunStatus.BLOCKED.value, dict(NOBODY)
    result.attempts = len(kept.implementing())
    result.verify = _verify(kept)
    result.comments = len(await _comments(hub, run.issue))
    if run.pull_request is not None:
        pull_request = await hub.of_repository(f"/pulls/{run.pull_request}")
        result.pull_request = _pull_request(pull_request)
        result.check_runs = await _check_runs(hub, pull_request["head"]["sha"])
        result.comments += len(await _comments(hub, run.pull_request))


def _verify(kept: Kept) -> list[Json]:
    """List the commands with the agent's attempt that each judged, which counts those too that
    came to nothing before a command could run."""
    listed: list[Json] = []
    attempt, implementing = 0, {stage.key for stage in kept.implementing()}
    for stage in kept.stages:
        attempt += stage.key in implementing
        if stage.name == BASELINE:
            continue
        listed += [
            {
                "attempt": attempt,
                "name": command.name,
                "command": command.command,
                "exit_code": command.exit_code,
                "seconds": command.seconds,
            }
            for command in commands(stage)
        ]
    return listed


def _pull_request(pull_request: Json) -> Json:
    return {
        "number": pull_request["number"],
        "url": pull_request["html_url"],
        "draft": pull_request["draft"],
        "head": pull_request["head"]["ref"],
        "base": pull_request["base"]["ref"],
        "head_sha": pull_request["head"]["sha"],
    }


async def _check_runs(hub: Hub, sha: str) -> list[Json]:
    found = await hub.of_repository(f"/commits/{sha}/check-runs?per_page=100")
    return [
        {"name": each["name"], "conclusion": each["conclusion"], "url": each["html_url"]}
        for each in found["check_runs"]
    ]


async def _comments(hub: Hub, number: int) -> list[Json]:
    found = await hub.of_repository(f"/issues/{number}/comments?per_page=100")
    return [each for each in found if each["user"]["type"] == "Bot"]


def timings(
    kept: Kept, writes: Sequence[Write], *, sent: float, accepted: float | None
) -> dict[str, int | None]:
    """Count milliseconds from the sending of the delivery at ``sent``."""
    ours = [write for write in writes if write.at >= sent and write.actor.endswith("[bot]")]
    total = max((write.at for write in ours), default=kept.run.updated_at) - sent
    found = {
        "accepted_ms": accepted,
        "first_reaction_ms": _first(ours, "/reactions", sent),
        "first_check_run_ms": _first(ours, "/check-runs", sent),
        "overhead_ms": total - kept.agent_seconds() - kept.command_seconds(),
        "total_ms": total,
    }
    return {name: None if s is None else round(s * 1000) for name, s in found.items()}


def _first(writes: Sequence[Write], ending: str, sent: float) -> float | None:
    times = (w.at for w in writes if w.method == "POST" and w.path.endswith(ending))
    return min((at - sent for at in times), default=None)
