"""`coppice agents try NAME`: have a small task done in a scratch tree, and say what it cost."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.agent import catalogue
from bot.agent.catalogue import Catalogue, Endpoint, PriceTable
from bot.agent.gateway import Gateway, Job
from bot.agent.gateway.gateway import NOBODY
from bot.agent.gateway.job import Listener
from bot.agent.gateway.knocking import nobody_at
from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentRuntime,
    AgentTask,
    Api,
    Finished,
    Role,
)
from bot.box import TREE, Box, Command, Mount
from bot.cli.agents import AgentSettings, all_agents
from bot.cli.agents_tried import Tried, show, tell, tell_wait
from bot.cli.boxes import find_box
from bot.cli.connection import proxy_for
from bot.cli.output import emit
from bot.errors import OperatorError, StageFailed
from bot.runs import Budget
from bot.scripted_model import Play, Scenario, ScriptedModel, Step
from bot.settings import load
from bot.store import calls
from bot.store.database import Database

SECONDS = 300.0
MEND_ENDPOINT = (
    "Start it, or correct its address: COPPICE_MODEL_URL, or `url` in COPPICE_MODELS_FILE"
)
FREE = PriceTable(input=0, output=0)
PROMPT = f"""\
You are in an empty repository at {TREE}. Make two files and nothing else:

1. `greeting.py` with a function `greet(name)` that returns `Hello, NAME!` for the name.
2. `test_greeting.py` with one test of it, a function `test_greet` with an assert.

Run the test with `python3 -c "import test_greeting; test_greeting.test_greet()"`, and stop when it
passes. Install nothing; there is no network.
"""
CHECK = (
    'import greeting, test_greeting; assert greeting.greet("Ada") == "Hello, Ada!";'
    " test_greeting.test_greet()"
)
SCRIPT = Scenario(
    plays=(
        Play(
            steps=(
                Step(
                    write="greeting.py",
                    text='def greet(name):\n    return f"Hello, {name}!"\n',
                ),
                Step(
                    write="test_greeting.py",
                    text="from greeting import greet\n\n\n"
                    'def test_greet():\n    assert greet("Ada") == "Hello, Ada!"\n',
                ),
                Step(shell='python3 -c "import test_greeting; test_greeting.test_greet()"'),  # noqa: S604 no subprocess
            ),
            final="Both files are there, and the test passes.",
        ),
    ),
)


TASK = AgentTask(
    role=Role.IMPLEMENT,
    prompt=PROMPT,
    attempt=1,
    seconds=SECONDS,
    repository="coppice/try",
    issue=1,
)
JOB = Job(
    run_id="try",
    stage="try",
    role=TASK.role,
    attempt=TASK.attempt,
    repository_id=0,
    repository=TASK.repository,
    installation_id=0,
    person="operator",
    limits=Budget(usd=0.5, minutes=SECONDS / 60),
)


def run(name: str, *, as_json: bool) -> int:
    """Do it; exit 1 when the work is not there."""
    settings = load(AgentSettings)
    agents = all_agents(settings)
    if name not in agents:
        raise OperatorError(f"there is no agent {name}; known: {', '.join(agents)}")
    if not agents[name].capabilities.apis:
        raise OperatorError(f"{name} works by scripts and not by tasks; see `coppice demo`")
    try:
        tried = asyncio.run(_try(agents[name], settings, quiet=as_json))
    except StageFailed as error:
        raise OperatorError(f"{name}: {error.reason}") from error
    if as_json:
        emit(tried.plain())
    else:
        show(tried)
    return 0 if tried.ok else 1


async def _try(agent: AgentRuntime, settings: AgentSettings, *, quiet: bool) -> Tried:
    box = await find_box(settings)
    probe = await agent.probe(box)
    if not probe.ok:
        mend = f" Type: {probe.mend}" if probe.mend else ""
        raise OperatorError(f"{agent.name}: {probe.detail}.{mend}")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coppice-try-")))
        database = await Database.open(f"sqlite:///{folder}/try.sqlite")
        stack.push_async_callback(database.close)
        known, scripted = await stack.enter_async_context(_models(agent, settings))
        proxy = partial(proxy_for, settings=settings)
        gateway = Gateway(known, database, settings.budgets, folder=folder / "s", proxy=proxy)
        stack.push_async_callback(gateway.close)
        bench = Bench(agent, box, gateway, database, folder, scripted, quiet)
        name = _endpoint(bench)
        why = await nobody_at(known, name, proxy=proxy)
        if why is not None:
            raise OperatorError(f"the model endpoint is down: {why}. {MEND_ENDPOINT}")
        return await _work(bench, name)


@dataclass(frozen=True, slots=True)
class Bench:
    agent: AgentRuntime
    box: Box
    gateway: Gateway
    database: Database
    folder: Path
    scripted: bool
    quiet: bool


@asynccontextmanager
async def _models(
    agent: AgentRuntime, settings: AgentSettings
) -> AsyncIterator[tuple[Catalogue, bool]]:
    """Take the operator's endpoints, else a scripted one that this agent can talk to."""
    known = catalogue.load(settings)
    if known is not None:
        yield known, False
        return
    api = next(api for api in Api if api in agent.capabilities.apis)
    async with ScriptedModel(SCRIPT) as model:
        prefix = {Api.CHAT: "/v1", Api.RESPONSES: "/v1"}.get(api, "")
        endpoint = Endpoint(url=model.url + prefix, api=api, model=SCRIPT.model, price=FREE)
        yield Catalogue(endpoints={"scripted": endpoint}), True


async def _work(bench: Bench, name: str) -> Tried:
    """Let it work, then look for ourselves."""
    started = time.monotonic()
    tree = bench.folder / "tree"
    tree.mkdir()
    mounts = (Mount(source=tree, target=TREE, writable=True),)
    listener = NOBODY if bench.quiet else Listener(tell=tell_wait)
    async with bench.gateway.open(JOB, name, listener=listener) as socket:
        context = AgentContext(
            box=bench.box,
            mounts=mounts,
            log=bench.folder / "agent.log",
            files=bench.folder / "files",
            model=socket,
        )
        end = await _seen_through(bench, context)
    checked = await bench.box.run(Command(argv=("python3", "-c", CHECK), mounts=mounts, seconds=60))
    ok = checked.exit_code == 0
    return Tried(
        agent=bench.agent.name,
        ok=ok,
        reason=end.reason.value,
        message=end.message,
        model=bench.gateway.catalogue.endpoint(name).model,
        scripted=bench.scripted,
        files=tuple(sorted(path.name for path in tree.iterdir() if path.is_file())),
        seconds=round(time.monotonic() - started, 1),
        spend=await bench.database.read(lambda c: calls.spend(c, JOB.run_id)),
        check="" if ok else checked.problem or _last_line(checked.output),
        log="" if ok else _last_line(_text_of(context.log)),
    )


def _endpoint(bench: Bench) -> str:
    """The first endpoint whose protocol the agent speaks."""
    known, spoken = bench.gateway.catalogue, bench.agent.capabilities.apis
    for name in known.names:
        if known.endpoint(name).api in spoken:
            return name
    wanted = " or ".join(sorted(spoken))
    raise OperatorError(
        f"{bench.agent.name} speaks {wanted} to models, and no endpoint does. Where yours does, say"
        f" COPPICE_MODEL_API={min(spoken)}, or `api` in COPPICE_MODELS_FILE"
    )


async def _seen_through(bench: Bench, context: AgentContext) -> Finished:
    end: AgentEvent | None = None
    async with aclosing(bench.agent.run(TASK, context)) as events:
        async for end in events:
            if not bench.quiet:
                tell(end)
    if not isinstance(end, Finished):
        raise OperatorError(f"{bench.agent.name} ended without a word")
    return end


def _text_of(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")
