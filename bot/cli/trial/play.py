"""Play it: the issue in the local forge, the service beside it, approved as soon as it asks."""

import asyncio
import shutil
import tempfile
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bot.agent import catalogue
from bot.agent.gateway.knocking import nobody_at
from bot.cli.boxes import environment as box_environment
from bot.cli.boxes import find_box
from bot.cli.connection import proxy_for
from bot.cli.demo.children import Child, environment_of, of_the_forge, started
from bot.cli.demo.hub import Hub
from bot.cli.demo.live import Live
from bot.cli.demo.watch import Watch
from bot.cli.output import emit, say
from bot.cli.trial import options as asked
from bot.cli.trial import source
from bot.cli.trial.options import Options
from bot.cli.trial.result import Outcome, describe, tell
from bot.cli.trial.source import Found
from bot.errors import OperatorError
from bot.github.app import App, Registration
from bot.runs import Run, RunStatus
from bot.settings import DATABASE_FILE, BoxSettings, inherited_environment, load
from bot.store import runs
from bot.store.database import Database

LABEL = "coppice"
DATA = "coppice"
LOOK_SECONDS = 0.5
WORKING_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is running."""

    forge: Child
    service: Child
    hub: Hub
    database: Database

    def require_alive(self) -> None:
        self.forge.require_alive()
        self.service.require_alive()


def run(arguments: Namespace) -> int:
    """Try it; exit 0 when the run is done. The state goes, unless somebody asked to keep it."""
    options = asked.read(arguments)
    state = options.state or Path(tempfile.mkdtemp(prefix="coppice-try-"))
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        outcome = asyncio.run(_perform(options, state))
    finally:
        (state / asked.KEY_FILE).unlink(missing_ok=True)
        if options.state is None:
            shutil.rmtree(state, ignore_errors=True)
    emit(outcome.as_json()) if options.as_json else tell(outcome)
    return 0 if outcome.status == "done" else 1


async def _perform(options: Options, state: Path) -> Outcome:
    async with aiohttp.ClientSession() as session:
        found = await source.fetch(session, options.issue, options.token, state / "source")
        await _require_model(options)
        box = await find_box(load(BoxSettings))
        async with _set(options, state, found, session) as scene:
            live = Live(silent=options.as_json)
            if not options.as_json:
                say(f"Trying {options.issue.repository}#{options.issue.number}: {found.title}")
                say(f"  agent {options.agent}, box {box.level.label}, at most {options.budget};")
                say(f"  nothing is written to GitHub. Forge: {scene.forge.ready['html_url']}\n")
            await _remarks(found, scene)
            issue = int(scene.forge.ready["issue"])
            ended = await _watch(scene, live, issue)
            return await describe(options, scene.database, ended, state / DATA)


async def _require_model(options: Options) -> None:
    """Raise OperatorError where no model answers: a run would wait for one for minutes."""
    known = catalogue.load(options.models)
    if known is None:
        return
    proxy = partial(proxy_for, settings=options.models)
    why = await nobody_at(known, known.names[0], proxy=proxy)
    if why is not None:
        raise OperatorError(f"the model endpoint is down: {why}. Start it, or correct its address")


async def _watch(scene: Scene, live: Live, issue: int) -> Run:
    """Label it as a maintainer would, and let the plan pass: nothing is at stake here."""
    watch = Watch(scene.database, scene.hub, live.show, scene.require_alive)
    await scene.hub.label(issue, LABEL)
    approving = asyncio.create_task(_approve(scene, issue))
    try:
        return await watch.until_ended(issue)
    finally:
        approving.cancel()
        with suppress(asyncio.CancelledError):
            await approving


async def _approve(scene: Scene, issue: int) -> None:
    seen: set[str] = set()
    path = f"/repos/{scene.hub.repository}/issues/{issue}/comments"
    while True:
        found = await scene.database.read(lambda c: runs.listing(c, 1))
        waits = found[0].work.plan_hash if found else None
        if found and found[0].status is RunStatus.WAITING and waits and waits not in seen:
            seen.add(waits)
            await scene.hub.call("POST", path, {"body": f"/coppice approve {waits[:12]}"})
        await asyncio.sleep(LOOK_SECONDS)


async def _remarks(found: Found, scene: Scene) -> None:
    """Say again what was said: by whoever belongs to the repository as one who may write."""
    issue, users = scene.forge.ready["issue"], scene.forge.ready["users"]
    for remark in found.remarks:
        who = users["maintainer" if remark.by_team else "stranger"]["token"]
        author = remark.user.login if remark.user else "ghost"
        body = f"{author} wrote:\n\n{remark.body or ''}"[:65_000]
        path = f"/repos/{scene.hub.repository}/issues/{issue}/comments"
        await scene.hub.call("POST", path, {"body": body}, authorization=f"token {who}")


@asynccontextmanager
async def _set(
    options: Options, state: Path, found: Found, session: aiohttp.ClientSession
) -> AsyncIterator[Scene]:
    """Start forge and service, with the issue in the one and its webhooks led to the other."""
    issue = state / "issue.md"
    issue.write_text(f"# {' '.join(found.title.split()) or 'Issue'}\n\n{found.body}\n")
    where = ("--repo", str(found.copy), "--base", found.branch, "--issue", str(issue))
    arguments = ("--port", "0", "--state", str(state / "forge"), "--json", *where)
    async with AsyncExitStack() as stack:
        forge = await stack.enter_async_context(
            started("forge", arguments, inherited_environment(), state)
        )
        given = _environment(options, state, forge.ready)
        service = await stack.enter_async_context(started("serve", (), given, state))
        await _until_it_works(service, session)
        hub = Hub(session, forge.ready)
        await _lead_webhooks(hub, forge.ready, service, session)
        database = await Database.open(f"sqlite:///{state}/{DATA}/{DATABASE_FILE}")
        stack.push_async_callback(database.close)
        yield Scene(forge=forge, service=service, hub=hub, database=database)


def _environment(options: Options, state: Path, ready: Mapping[str, Any]) -> dict[str, str]:
    given = {
        **of_the_forge(ready, state / DATA),
        "AGENT": options.agent,
        "CONFIG_FILE": _configuration(options, state / "coppice.yml"),
    }
    ours = {**box_environment(load(BoxSettings)), **asked.environment(options, state)}
    return environment_of(given, **ours)


def _configuration(options: Options, path: Path) -> Path | None:
    """Take the place of the repository's own configuration, where commands were given."""
    if not options.verify and not options.setup:
        return None
    setup = {"setup": options.setup} if options.setup else {}
    commands = {f"verify-{n}": command for n, command in enumerate(options.verify, 1)}
    path.write_text(yaml.safe_dump({"verify": {**setup, **commands}}, sort_keys=False))
    return path


async def _lead_webhooks(
    hub: Hub, ready: Mapping[str, Any], service: Child, session: aiohttp.ClientSession
) -> None:
    as_app = f"Bearer {App(_registration(ready), session).jwt()}"
    address = {"url": service.ready["webhook_url"]}
    await hub.call("PATCH", "/app/hook/config", address, authorization=as_app)


def _registration(ready: Mapping[str, Any]) -> Registration:
    key = Path(ready["private_key_file"]).read_text()
    return Registration(app_id=ready["app_id"], private_key=key, api_url=ready["api_url"])


async def _until_it_works(service: Child, session: aiohttp.ClientSession) -> None:
    try:
        async with asyncio.timeout(WORKING_SECONDS):
            while True:
                service.require_alive()
                async with session.get(f"{service.ready['url']}/readyz") as response:
                    if response.ok:
                        return
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        message = f"serve did not begin to work in {WORKING_SECONDS} s"
        raise OperatorError(message, exit_code=1) from error
