"""Who works for a run, by which model, with how much money; a gateway of the tests' own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.agent.gateway.job import Job, Listener, TurnedAway
from bot.agent.runtime import Role
from bot.engine.agents import Cast, Staff
from bot.errors import StageFailed
from bot.pipeline.configuration import RepositoryConfig, load
from bot.pipeline.ports import Attempt
from bot.runs import Budget, Budgets, Options, Run, RunEvent
from bot.store import calls
from bot.store.calls import Call, CallStatus
from bot.store.database import Database
from bot.store.limits import Used
from tests.engine.test_budget import run
from tests.pipeline.desk import Agent, Socket, says

pytestmark = pytest.mark.slow


class Gate:
    """Notes what was opened; each attempt costs what the test says."""

    def __init__(
        self,
        database: Database,
        usd: float = 0.0,
        waits: str = "",
        turned: Sequence[TurnedAway] = (),
        used: Sequence[Used] = (),
    ) -> None:
        self.opened: list[tuple[Job, str]] = []
        self._database, self._usd, self._waits, self._turned = database, usd, waits, turned
        self._so_far = used

    @asynccontextmanager
    async def open(self, job: Job, endpoint: str, *, listener: Listener) -> AsyncIterator[Socket]:
        self.opened.append((job, endpoint))
        if self._waits:
            listener.tell(self._waits)
            listener.tell("")
        for what in self._turned:
            listener.turned_away(what)
        for so_far in self._so_far:
            listener.used(so_far)
        call = Call(
            **{field: getattr(job, field) for field in ("run_id", "stage", "attempt", "person")},
            installation_id=1,
            repository_id=1,
            repository="a/b",
            role=job.role.value,
            endpoint=endpoint,
            model="m",
            api="chat",
            status=CallStatus.DONE,
            input_tokens=10,
            output_tokens=1,
            usd=self._usd,
            started_at=1.0,
        )
        await self._database.write(lambda c: calls.insert(c, call))
        yield Socket(Path("/nowhere"))


@pytest.fixture
async def database(either_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(either_url)
    yield opened
    await opened.close()


class Bureau:
    """A staff of one, cast for one run."""

    def __init__(self, database: Database, gate: Gate, budgets: Budgets | None = None) -> None:
        self.staff = Staff(
            runtimes={"loop": Agent(says(None), name="loop"), "other": Agent(says(None))},
            gateway=gate,
            models=("local", "strong"),
            budgets=budgets or Budgets(),
        )
        self.database = database
        self.events: list[RunEvent] = []
        self.heard: list[str] = []
        self.waited: list[float] = []
        self.shown = 0

    def cast(self, config: RepositoryConfig, run: Run) -> Cast:
        attempt = Attempt(run=run, name="implement", key="k", number=1, overall=1, config=config)
        return Cast(
            staff=self.staff,
            database=self.database,
            attempt=attempt,
            record=self._record,
            wait=self._wait,
            show=self._show,
        )

    async def work(self, config: str = "", turn: int = 1, run: Run | None = None) -> float:
        async with self.cast(load(config), run or a_run()).open(Role.IMPLEMENT, turn) as seat:
            return seat.seconds

    async def _record(self, events: Sequence[RunEvent]) -> None:
        self.events.extend(events)

    async def _show(self) -> None:
        self.shown += 1

    async def _wait(self, text: str, waited: float) -> None:
        self.heard.append(text)
        self.waited.append(waited)


def a_run(model: str | None = None) -> Run:
    made = run()
    chosen = made.trigger.model_copy(update={"options": Options(model=model)})
    return made.model_copy(update={"trigger": chosen})


@pytest.mark.parametrize(
    ("config", "turns", "endpoints"),
    [
        ("", (1, 2), ["local", "local"]),
        ("roles: {implement: [local, strong]}", (1, 2, 3), ["local", "strong", "strong"]),
        ("roles: {plan: [strong]}", (1,), ["local"]),
    ],
)
async def test_the_nth_attempt_takes_the_nth_model(
    database: Database, config: str, turns: Sequence[int], endpoints: list[str]
) -> None:
    gate = Gate(database)
    for turn in turns:
        await Bureau(database, gate).work(config, turn)

    assert [endpoint for _, endpoint in gate.opened] == endpoints


async def test_a_model_that_a_person_named_is_taken(database: Database) -> None:
    gate = Gate(database)

    await Bureau(database, gate).work("roles: {implement: [local]}", run=a_run(model="strong"))

    assert [endpoint for _, endpoint in gate.opened] == ["strong"]


@pytest.mark.parametrize(
    ("config", "model", "said"),
    [
        ("agent: codex", None, None),
        ("roles: {review: {agent: codex}}", None, "there is no agent `codex` here; there is: "),
        ("roles: {plan: [local, huge]}", None, "there is no model `huge` here; there is: `local`"),
        ("", "huge", "there is no model `huge` here"),
    ],
)
async def test_what_is_not_there_is_said_before_anything_is_spent(
    database: Database, config: str, model: str | None, said: str | None
) -> None:
    staff = Bureau(database, Gate(database)).staff

    if said is None:  # the run's own agent was checked when it began
        staff.require(a_run(model), load(config))
        return
    with pytest.raises(StageFailed, match=said):
        staff.require(a_run(model), load(config))


async def test_no_more_is_allowed_than_the_tightest_of_all(database: Database) -> None:
    gate = Gate(database, usd=0.5)
    budgets = Budgets(run=Budget(usd=2, minutes=30), attempt=Budget(usd=1.2, turns=50))
    bureau = Bureau(database, gate, budgets)

    await bureau.work("budget: 1.5usd")
    seconds = await bureau.work("budget: 1.5usd 2min")

    assert [(job.limits, job.before.usd, job.own) for job, _ in gate.opened] == [
        (Budget(usd=1.5, minutes=30), 0.0, Budget(usd=1.2, turns=50)),
        (Budget(usd=1.5, minutes=2), 0.5, Budget(usd=1.2, turns=50)),
    ]
    assert seconds == 120


@pytest.mark.parametrize(
    ("config", "run", "attempt", "said"),
    [
        ("", Budget(minutes=30), Budget(), "budget reached: 30 of 30 minutes used"),
        ("budget: 2min", Budget(minutes=30), Budget(), "budget reached: 2 of 2 minutes used"),
        (
            "",
            Budget(minutes=30),
            Budget(minutes=5),
            "budget reached (the budget of one attempt): 5 of 5 minutes used",
        ),
        ("limits: {agent_seconds: 60}", Budget(minutes=30), Budget(), None),
        ("", Budget(), Budget(), None),
    ],
)
async def test_whose_minutes_end_an_attempt_is_known(
    database: Database, config: str, run: Budget, attempt: Budget, said: str | None
) -> None:
    bureau = Bureau(database, Gate(database), Budgets(run=run, attempt=attempt))

    async with bureau.cast(load(config), a_run()).open(Role.IMPLEMENT, 1) as seat:
        assert seat.used_up == said


async def test_an_empty_purse_opens_nothing(database: Database) -> None:
    gate = Gate(database, usd=2.0)
    bureau = Bureau(database, gate, Budgets(run=Budget(usd=2)))
    await bureau.work()

    with pytest.raises(StageFailed, match=r"budget reached: \$2.00 of \$2.00 used") as ended:
        await bureau.work()

    assert (ended.value.kind, ended.value.blocked) == ("budget", True)
    assert len(gate.opened) == 1


async def test_it_is_said_once_that_most_is_used(database: Database) -> None:
    bureau = Bureau(database, Gate(database, usd=0.45), Budgets(run=Budget(usd=2)))

    for _ in range(4):
        await bureau.work()

    warned = [event.data for event in bureau.events if event.type == "budget_warning"]
    assert warned == [{"used": 0.9}]


@pytest.mark.parametrize(
    ("budget", "used", "warned"),
    [
        (Budget(usd=2), [Used(usd=1.0), Used(usd=1.7), Used(usd=1.9)], [0.85]),
        (Budget(usd=2), [Used(unpriced_tokens=1_700_000, tokens=1_700_000)], [0.85]),
        (Budget(usd=2, turns=10), [Used(usd=0.1, calls=8)], [0.8]),
        (Budget(tokens=1000), [Used(tokens=799)], []),
        (Budget(), [Used(usd=9.0)], []),
    ],
)
async def test_in_the_middle_of_an_attempt_people_see_once_that_most_is_used(
    database: Database, budget: Budget, used: list[Used], warned: list[float]
) -> None:
    bureau = Bureau(database, Gate(database, used=used), Budgets(run=budget))

    await bureau.work()

    told = [event.data["used"] for event in bureau.events if event.type == "budget_warning"]
    assert (told, bureau.shown) == (warned, len(warned))


async def test_what_the_model_keeps_us_waiting_for_is_told(database: Database) -> None:
    bureau = Bureau(database, Gate(database, waits="waits for the model: 429, 40 s"))

    await bureau.work()

    assert bureau.heard == ["waits for the model: 429, 40 s", "", ""]
    assert [e.data["text"] for e in bureau.events if e.type == "waiting"] == [bureau.heard[0]]


async def test_what_the_gateway_turned_away_is_in_the_timeline(database: Database) -> None:
    what = TurnedAway(kind="path", asked="POST /v1/files", reason="this gateway serves chat")
    bureau = Bureau(database, Gate(database, turned=[what]))

    await bureau.work()

    assert [event.data for event in bureau.events if event.type == "refused"] == [
        {"why": "path", "asked": "POST /v1/files", "reason": "this gateway serves chat"}
    ]


async def test_an_agent_without_a_model_needs_no_gateway(database: Database) -> None:
    bureau = Bureau(database, Gate(database))
    bureau.staff.runtimes["loop"].model = False  # type: ignore[attr-defined]

    assert await bureau.work() == 1800
