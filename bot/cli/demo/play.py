"""Play the demo: start forge and service, label an issue as a maintainer would, watch, report."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.cli.boxes import find_box
from bot.cli.demo import inputs, result, story
from bot.cli.demo.children import Child, started
from bot.cli.demo.hub import Hub
from bot.cli.demo.live import Live
from bot.cli.demo.model import ModelChoice, chosen_model, require_agent, require_model
from bot.cli.demo.options import Options
from bot.cli.demo.result import Kept, Result
from bot.cli.demo.watch import Watch
from bot.cli.output import emit, note
from bot.errors import CoppiceError, OperatorError
from bot.github.app import App, Registration
from bot.runs import Run
from bot.settings import (
    DATABASE_FILE,
    PREFIX,
    BoxSettings,
    ModelSettings,
    inherited_environment,
    load,
)
from bot.store.database import Database

LABEL = "coppice"
DATA = "coppice"
SCRIPTS = "scripts"
MODEL_LOG = "model.log"
INTERRUPTED = 130
WORKING_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that the demo has running."""

    state: Path
    forge: Child
    service: Child
    hub: Hub
    app: App
    database: Database

    def require_alive(self) -> None:
        self.forge.require_alive()
        self.service.require_alive()


def run(options: Options) -> int:
    """Play it in a state directory, which stays where somebody may want to look into it."""
    state = _state(options)
    try:
        return asyncio.run(_play(options, state))
    finally:
        if options.state is None and not options.as_json:
            shutil.rmtree(state, ignore_errors=True)


def _state(options: Options) -> Path:
    return options.state or Path(tempfile.mkdtemp(prefix="coppice-demo-"))


async def _play(options: Options, state: Path) -> int:
    """Report in any case; what goes wrong is shown as an error of its own for people."""
    _end_in_order()
    outcome = Result(agent=options.agent, state_dir=str(state))
    try:
        await _perform(options, state, outcome)
    except CoppiceError as error:
        if not options.as_json:
            raise
        note(str(error))
        outcome.status = "failed"
        outcome.error = {"stage": None, "class": "demo", "message": str(error)}
    except asyncio.CancelledError:
        return 0 if outcome.run and not options.once else INTERRUPTED
    steps = story.steps(outcome) if options.story else []
    told = {"story": options.story, "steps": steps} if options.story else {}
    if options.as_json:
        emit(outcome.as_json() | told)
    right = outcome.status == "done" and all(step["ok"] for step in steps)
    return 0 if right else 1


def _end_in_order() -> None:
    """Take the first Ctrl-C or SIGTERM as the wish to end; a second one changes nothing."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def end() -> None:
        if task is not None and not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)


async def _perform(options: Options, state: Path, outcome: Result) -> None:
    settings = load(BoxSettings)
    box = await find_box(settings)
    outcome.box = {"level": box.level.value, "name": box.level.label}
    models = load(ModelSettings)
    agent = await require_agent(options.agent, models, box)
    if agent.capabilities.apis and (options.repo or options.issue):
        require_model(models, "--repo" if options.repo else "--issue")
    async with (
        chosen_model(agent, models, state / MODEL_LOG) as model,
        _set(options, state, settings, model) as stage,
    ):
        outcome.model = model.shown
        live = Live(silent=options.as_json)
        live.introduce(
            forge=str(stage.forge.ready["html_url"]),
            service=str(stage.service.ready["url"]),
            agent=agent.label or f"{agent.name}; its model: {model.shown}",
            box=box.level.label,
        )
        watch = Watch(stage.database, stage.hub, live.show, stage.require_alive)
        issue = await _issue(options, stage)
        outcome.issue_url = (await stage.hub.of_repository(f"/issues/{issue}"))["html_url"]
        inputs.write_script(options, state / SCRIPTS, issue)
        await stage.hub.label(issue, LABEL)
        ended = await watch.until_ended(issue)
        await _report(stage, await Kept.read(stage.database, ended), outcome)
        live.conclude(outcome)
        if not options.once:
            live.stay(str(state))
            await watch.for_ever()


async def _issue(options: Options, stage: Stage) -> int:
    """Take the issue that was seeded; in the demo's own repository open the one that was given."""
    if options.issue and options.repo is None:
        return await stage.hub.open_issue(options.issue.title, options.issue.body)
    return int(stage.forge.ready["issue"])


@asynccontextmanager
async def _set(
    options: Options, state: Path, settings: BoxSettings, model: ModelChoice
) -> AsyncIterator[Stage]:
    """Start forge and service and lead the one's webhooks to the other."""
    async with AsyncExitStack() as stack:
        arguments = ("--port", "0", "--state", str(state), "--json", *_seeding(options, state))
        environment = inherited_environment()
        forge = await stack.enter_async_context(started("forge", arguments, environment, state))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        hub, app = Hub(session, forge.ready), _app(forge.ready, session)
        given = _given(options, state, forge.ready, settings)
        environment = _environment(given | dict(model.settings))
        service = await stack.enter_async_context(started("serve", (), environment, state))
        await _until_it_works(service, session)
        address = {"url": service.ready["webhook_url"]}
        as_app = f"Bearer {app.jwt()}"
        await hub.call("PATCH", "/app/hook/config", address, authorization=as_app)
        database = await Database.open(f"sqlite:///{state}/{DATA}/{DATABASE_FILE}")
        stack.push_async_callback(database.close)
        yield Stage(forge=forge, service=service, hub=hub, app=app, database=database, state=state)


async def _until_it_works(service: Child, session: aiohttp.ClientSession) -> None:
    """Wait until deliveries are acted on: they are taken in a moment before that."""
    patience = time.monotonic() + WORKING_SECONDS
    while time.monotonic() < patience:
        service.require_alive()
        async with session.get(f"{service.ready['url']}/readyz") as response:
            if response.ok:
                return
        await asyncio.sleep(0.05)
    raise OperatorError(f"serve did not begin to work in {WORKING_SECONDS} s", exit_code=1)


def _seeding(options: Options, state: Path) -> tuple[str, ...]:
    if options.repo is None:
        return ("--seed", "demo")
    issue = inputs.write_issue(options.issue, state / "issue.md")
    return ("--repo", str(options.repo), "--base", options.base, "--issue", str(issue))


def _app(ready: Mapping[str, Any], session: aiohttp.ClientSession) -> App:
    key = Path(ready["private_key_file"]).read_text()
    registration = Registration(
        app_id=ready["app_id"],
        private_key=key,
        api_url=ready["api_url"],
    )
    return App(registration, session)


def _given(
    options: Options, state: Path, ready: Mapping[str, Any], settings: BoxSettings
) -> dict[str, Any]:
    """Say what the service is set to, by the names of its settings."""
    return {
        "GITHUB_URL": ready["api_url"],
        "GITHUB_HTML_URL": ready["html_url"],
        "APP_ID": ready["app_id"],
        "PRIVATE_KEY_FILE": ready["private_key_file"],
        "WEBHOOK_SECRET": ready["webhook_secret"],
        "DATA_DIR": state / DATA,
        "PORT": 0,
        "AGENT": options.agent,
        "BOX": settings.box,
        "BOX_READ": ":".join(map(str, settings.box_read)),
        "BOX_ROOT": settings.box_root,
        "BOX_MEMORY": settings.box_memory,
        "BOX_PIDS": settings.box_pids,
        "BOX_CPUS": settings.box_cpus,
        "EGRESS": " ".join(settings.egress) or None,
        "SCRIPTS": inputs.write_scripts(options, state / SCRIPTS),
        "CONFIG_FILE": inputs.write_configuration(options, state / "coppice.yml"),
    }


def _environment(given: Mapping[str, Any]) -> dict[str, str]:
    """Give the service its settings, as an operator would."""
    named = {PREFIX + name: str(value) for name, value in given.items() if value is not None}
    return inherited_environment(**named)


async def _report(stage: Stage, kept: Kept, outcome: Result) -> None:
    hub = stage.hub
    await result.fill(outcome, kept, hub)
    outcome.repository = str(stage.state / "repositories" / f"{hub.repository}.git")
    writes = await hub.writes()
    labelled = f"/issues/{kept.run.issue}/labels"
    times = [w.at for w in writes if w.path.endswith(labelled) and w.actor == hub.maintainer]
    sent = times[0] if times else kept.run.created_at
    accepted = await _accepted(stage, kept.run)
    outcome.timings = result.timings(kept, writes, sent=sent, accepted=accepted)


async def _accepted(stage: Stage, run: Run) -> float | None:
    """Ask the forge how long it waited for our answer to the delivery that started the run."""
    authorization = f"Bearer {stage.app.jwt()}"
    path = "/app/hook/deliveries?per_page=100"
    log = await stage.hub.call("GET", path, authorization=authorization)
    waits = [float(d["duration"]) for d in log if d["guid"] == run.trigger.delivery]
    return waits[0] if waits else None
