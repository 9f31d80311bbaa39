"""A stage at work: a real worktree and real git, with an agent that does what a test says."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentTask,
    Api,
    Asks,
    Capabilities,
    Finished,
    FinishReason,
    Probe,
    Refusal,
    Role,
)
from bot.box import Box, probe
from bot.box.destination import Allowed
from bot.errors import StageFailed
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract
from bot.pipeline.errors import known
from bot.pipeline.ports import Attempt, IssueComment, Ports, Seat, StageResult
from bot.pipeline.snapshots import Snapshot, write
from bot.pipeline.stages import STAGES
from bot.runs import (
    Json,
    Options,
    Person,
    Publish,
    RepositoryRef,
    Run,
    RunEvent,
    StageKind,
    Trigger,
    Work,
)
from bot.worktree import Worktree
from tests.worktree.rooms import APP, FILES, REPOSITORY, RUN, Room

Act = Callable[[AgentTask, AgentContext], Sequence[AgentEvent]]
FROZEN = Snapshot(
    title="Broken",
    body="It breaks.",
    goal=None,
    at="",
    comments=(),
    changed_later=(),
    left_out=0,
    removed=0,
)
DONE = Finished(reason=FinishReason.DONE)


@dataclass
class Agent:
    """Plays every role by one function of the test's."""

    act: Act
    name: str = "fake"
    label: str | None = None
    fresh: bool = False
    model: bool = True
    resumes: bool = False
    tasks: list[AgentTask] = field(default_factory=list)
    contexts: list[AgentContext] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks_permission=Asks.NOTHING,
            reports_plan=False,
            reports_usage=False,
            resumes=self.resumes,
            apis=frozenset({Api.CHAT}) if self.model else frozenset(),
        )

    async def probe(self, box: Box) -> Probe:
        return Probe(ok=True, version=None, detail="a test's")

    async def run(self, task: AgentTask, context: AgentContext) -> AsyncGenerator[AgentEvent]:
        self.tasks.append(task)
        self.contexts.append(context)
        for event in self.act(task, context):
            yield event


def says(*answers: Json) -> Act:
    """Answer one question after the other; the last answer repeats."""
    left = list(answers)

    def act(task: AgentTask, context: AgentContext) -> Sequence[AgentEvent]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return [Finished(reason=FinishReason.DONE, answer=answer)]

    return act


def writes(**files: str) -> Act:
    """Write files of the worktree, `__` for `/` and `_dot_` for `.`."""

    def act(task: AgentTask, context: AgentContext) -> Sequence[AgentEvent]:
        for name, text in files.items():
            path = context.mounts[0].source / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return [Finished(reason=FinishReason.DONE, message="Done.")]

    return act


@dataclass
class Socket:
    path: Path
    model: str = "fake-1"
    api: Api = Api.CHAT
    window: int | None = None
    refusal: Refusal | None = None
    waited: float = 0.0


@dataclass
class Agency:
    """Hands out the one agent; ``refusal`` is what the gateway says at the end of an attempt."""

    agent: Agent
    folder: Path
    refusal: Refusal | None = None
    closed: StageFailed | None = None
    seconds: float = 20.0
    used_up: str | None = None
    """What ends with its seconds."""
    turns: list[tuple[Role, int]] = field(default_factory=list)

    def runtime(self, role: Role) -> Agent:
        return self.agent

    @asynccontextmanager
    async def open(self, role: Role, turn: int) -> AsyncIterator[Seat]:
        self.turns.append((role, turn))
        if self.closed is not None:
            raise self.closed
        socket = Socket(self.folder / "model.sock", refusal=self.refusal)
        yield Seat(
            runtime=self.agent,
            model=socket if self.agent.model else None,
            seconds=self.seconds,
            used_up=self.used_up,
        )


class Nobody:
    async def comments(self, run: Run) -> list[IssueComment]:
        return []


@dataclass
class Desk:
    """One run of one issue, and stages of it tried by hand."""

    room: Room
    base: str
    agency: Agency
    config: RepositoryConfig = field(default_factory=RepositoryConfig)
    work: Work = field(default_factory=Work)
    events: list[RunEvent] = field(default_factory=list)
    saved: list[tuple[str, str]] = field(default_factory=list)
    egress: Allowed | None = None
    options: Options = field(default_factory=Options)
    held: Worktree | None = None
    """The worktree of all attempts; None: each takes one."""

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Keep one worktree over several attempts, as a child does."""
        async with self.room.worktrees.take(REPOSITORY, None, RUN) as worktree:
            self.held = worktree
            yield
        self.held = None

    @property
    def run(self) -> Run:
        return Run(
            id=RUN,
            repository=RepositoryRef(id=REPOSITORY, full_name="acme/shop", installation_id=1),
            issue=7,
            pipeline="fix",
            agent="fake",
            publish=Publish.PR,
            trigger=Trigger(
                delivery="g",
                by=Person(id=1, login="ana"),
                title="Broken",
                body="It breaks.",
                at="2026-01-01T00:00:00Z",
                options=self.options,
            ),
            work=self.work.model_copy(update={"base_sha": self.base, "base_ref": "main"}),
            created_at=1.0,
            updated_at=1.0,
        )

    @property
    def files(self) -> Path:
        return self.room.works.root / RUN

    async def attempt(
        self,
        kind: StageKind,
        number: int = 1,
        *,
        plan: Contract | None = None,
        feedback: str | None = None,
        seen: frozenset[str] = frozenset(),
        last: bool = False,
    ) -> StageResult:
        """Try a stage once; its work becomes the run's."""
        write(self.files, FROZEN)
        attempt = Attempt(
            run=self.run,
            name=kind.value,
            key=f"work-1/{kind}-{number}",
            number=number,
            overall=number,
            config=self.config,
            plan=plan,
            feedback=feedback,
            seen=seen,
            last=last,
        )
        async with AsyncExitStack() as stack:
            if (worktree := self.held) is None:
                taken = self.room.worktrees.take(REPOSITORY, None, RUN)
                worktree = await stack.enter_async_context(taken)
            result = await STAGES[kind](attempt, await self._ports(worktree))
        if result.checkpoint:
            kept = {"tree": result.tree, "checkpoint": result.checkpoint}
            self.work = self.work.model_copy(update=kept)
        return result

    async def _ports(self, worktree: Worktree) -> Ports:
        return Ports(
            box=await probe("auto"),
            agents=self.agency,
            thread=Nobody(),
            objects=self.room.objects(),
            worktree=worktree,
            files=self.files,
            identity=APP,
            record=self._record,
            errors=known(),
            save=self._save,
            egress=self.egress,
        )

    async def _record(self, events: Sequence[RunEvent]) -> None:
        self.events.extend(events)

    async def _save(self, tree: str, checkpoint: str) -> None:
        self.saved.append((tree, checkpoint))


async def desk(room: Room, act: Act, **agent: bool) -> Desk:
    """Begin a run at a commit of four files."""
    room.hub.commit(FILES)
    agency = Agency(Agent(act, **agent), room.data)  # type: ignore[arg-type]
    return Desk(room, await room.fetch(), agency)
