"""What the demo has running: forge and service, and the way from the one to the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.cli.demo import inputs
from bot.cli.demo.children import Child, environment_of, of_the_forge, started
from bot.cli.demo.hub import Hub
from bot.cli.demo.model import ModelChoice
from bot.cli.demo.options import Options
from bot.errors import OperatorError
from bot.github.app import App, Registration
from bot.settings import DATABASE_FILE, BoxSettings, inherited_environment
from bot.store.database import Database

DATA = "coppice"
SCRIPTS = "scripts"
WORKING_SECONDS = 60


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that the demo has running; the service can be started anew."""

    state: Path
    forge: Child
    hub: Hub
    app: App
    session: aiohttp.ClientSession
    environment: Mapping[str, str]
    """Of the service."""
    service: Child = field(init=False)
    database: Database = field(init=False)
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)

    def require_alive(self) -> None:
        self.forge.require_alive()
        self.service.require_alive()

    async def serve(self) -> None:
        """Start the service and lead the forge's webhooks to it."""
        serving = started("serve", (), self.environment, self.state)
        self.service = await self._running.enter_async_context(serving)
        await self._until_it_works()
        address = {"url": self.service.ready["webhook_url"]}
        as_app = f"Bearer {self.app.jwt()}"
        await self.hub.call("PATCH", "/app/hook/config", address, authorization=as_app)

    async def restart(self) -> None:
        """End the service as an operator would, and start it again."""
        await self.stop()
        await self.serve()

    async def stop(self) -> None:
        await self._running.aclose()

    async def _until_it_works(self) -> None:
        """Wait until deliveries are acted on: they are taken in a moment before that."""
        patience = time.monotonic() + WORKING_SECONDS
        while time.monotonic() < patience:
            self.service.require_alive()
            with suppress(aiohttp.ClientError):  # it has just ended: its last words are the reason
                async with self.session.get(f"{self.service.ready['url']}/readyz") as response:
                    if response.ok:
                        return
            await asyncio.sleep(0.05)
        raise OperatorError(f"serve did not begin to work in {WORKING_SECONDS} s", exit_code=1)


@asynccontextmanager
async def opened(
    options: Options, state: Path, settings: BoxSettings, model: ModelChoice
) -> AsyncIterator[Stage]:
    """Start forge and service, and end them when the block is left."""
    async with AsyncExitStack() as stack:
        arguments = ("--port", "0", "--state", str(state), "--json", *_seeding(options, state))
        environment = inherited_environment()
        forge = await stack.enter_async_context(started("forge", arguments, environment, state))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        given = _given(options, state, forge.ready, settings)
        stage = Stage(
            state=state,
            forge=forge,
            hub=Hub(session, forge.ready),
            app=_app(forge.ready, session),
            session=session,
            environment=environment_of(given | dict(model.settings)),
        )
        stack.push_async_callback(stage.stop)
        await stage.serve()
        stage.database = await Database.open(f"sqlite:///{state}/{DATA}/{DATABASE_FILE}")
        stack.push_async_callback(stage.database.close)
        yield stage


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
        **of_the_forge(ready, state / DATA),
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
