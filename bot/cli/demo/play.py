"""Play the demo: start forge and service, label an issue as a maintainer would, watch, report."""

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

from bot.cli.boxes import find_box
from bot.cli.demo import bugs, inputs, result, story
from bot.cli.demo.bugs import Bug
from bot.cli.demo.live import Live
from bot.cli.demo.model import chosen_model, require_agent, require_model
from bot.cli.demo.options import Options
from bot.cli.demo.result import Kept, Result
from bot.cli.demo.stage import SCRIPTS, Stage, opened
from bot.cli.demo.stories import ACTED
from bot.cli.demo.stories.telling import Telling
from bot.cli.demo.watch import Watch
from bot.cli.output import emit, note
from bot.errors import CoppiceError
from bot.runs import Run
from bot.settings import BoxSettings, ModelSettings, load

LABEL = "coppice"
MODEL_LOG = "model.log"
INTERRUPTED = 130


def run(options: Options) -> int:
    """Play it in a state directory, which stays where somebody may want to look into it."""
    state = _state(options)
    try:
        return asyncio.run(_play(options, state))
    finally:
        told = options.as_json or (state / bugs.TRACEBACK).exists()
        if options.state is None and not told:
            shutil.rmtree(state, ignore_errors=True)


def _state(options: Options) -> Path:
    return options.state or Path(tempfile.mkdtemp(prefix="coppice-demo-"))


async def _play(options: Options, state: Path) -> int:
    """Report in any case; what goes wrong is shown as an error of its own for people."""
    _end_in_order()
    outcome = Result(agent=options.agent, state_dir=str(state))
    steps: list[dict[str, Any]] = []
    interrupted = False
    try:
        await _perform(options, state, outcome, steps)
    except asyncio.CancelledError:
        if outcome.run and not options.once:
            return 0
        interrupted = True
        outcome.end("cancelled", "interrupted", "a signal ended it")
    except Exception as error:  # noqa: BLE001 whatever it is, the object is whole
        _fail(outcome, bugs.named(error, state), as_json=options.as_json)
    if options.story == story.FIX:
        steps = story.steps(outcome)
    if options.as_json:
        emit(outcome.as_json() | _told(options, steps))
    right = outcome.status == "done" and all(step["ok"] for step in steps)
    return INTERRUPTED if interrupted else 0 if right else 1


def _fail(outcome: Result, error: CoppiceError, *, as_json: bool) -> None:
    """Put the error into the object, which is printed on failure too; people see it alone."""
    if not as_json:
        raise error
    note(str(error))
    outcome.end("failed", "internal_error" if isinstance(error, Bug) else "demo", str(error))


def _told(options: Options, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"story": options.story, "steps": steps} if options.story else {}


def _end_in_order() -> None:
    """Take the first Ctrl-C or SIGTERM as the wish to end; a second one changes nothing."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def end() -> None:
        if task is not None and not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)


async def _perform(
    options: Options, state: Path, outcome: Result, steps: list[dict[str, Any]]
) -> None:
    settings = load(BoxSettings)
    box = await find_box(settings)
    outcome.box = {"level": box.level.value, "name": box.level.label}
    models = load(ModelSettings)
    agent = await require_agent(options.agent, models, box)
    if agent.capabilities.apis and (options.repo or options.issue):
        require_model(models, "--repo" if options.repo else "--issue")
    async with (
        chosen_model(agent, models, state / MODEL_LOG) as model,
        opened(options, state, settings, model) as stage,
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
        if options.acted:
            ended = await ACTED[str(options.story)](stage, Telling(stage, live.show, steps))
        else:
            inputs.write_script(options, state / SCRIPTS, issue)
            await stage.hub.label(issue, LABEL)
            ended = await watch.until_ended(issue, alone=options.once)
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
