"""Put the service together: GitHub, engine, handlers and dispatcher around one database."""

import asyncio
import logging
import secrets as randomness
import time
from dataclasses import dataclass
from functools import partial

import aiohttp

from bot.agent.loopback import require_forge
from bot.box.destination import Allowed
from bot.cli.boxes import find_box
from bot.cli.connection import open_session, proxy_for
from bot.cli.staff import hire
from bot.engine.acts import Acts
from bot.engine.agents import Staff
from bot.engine.bench import Benches
from bot.engine.branch import BranchActs
from bot.engine.ci_acts import CiActs
from bot.engine.collecting import Collector
from bot.engine.engine import Engine
from bot.engine.notices import Notices
from bot.engine.opening import Opener
from bot.engine.patience import Patience
from bot.engine.plans import PlanActs
from bot.engine.queueing import QueueActs
from bot.engine.reading import Reading
from bot.engine.replies import ReplyActs
from bot.engine.rounds import RoundActs
from bot.engine.sayings import Sayings
from bot.engine.shop import Shop
from bot.engine.slots import Slots
from bot.engine.source import Source
from bot.engine.tidying import Tidying
from bot.engine.writer import Writer
from bot.errors import EffectDelayed
from bot.github.app import App, Me, Registration
from bot.github.effects import Effects
from bot.github.limits import WriteBudget
from bot.github.marker import Markers
from bot.guard.known import withhold
from bot.intake.delivery import Delivery
from bot.intake.dispatcher import Dispatcher
from bot.intake.journal import Journal
from bot.intake.sweep import Sweep
from bot.pipeline import errors
from bot.pipeline.errors import ErrorClass
from bot.pipeline.rulebook import Rulebook
from bot.runs import Again, Effect, Pause, RepositoryRef, Start, Tell
from bot.settings import Settings
from bot.store import pauses, secrets
from bot.store.database import Database
from bot.worktree import Identity, Mirrors, Network, Pusher, Works, Worktrees
from handlers.reads import decider

ENGINE_FILE = "coppice-engine.sqlite"
SCRIPTED = "scripted"
MARKER_BYTES = 32
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Carries out what handlers decide."""

    engine: Engine
    effects: Effects

    async def effect(self, delivery: Delivery, effect: Effect, n: int) -> None:
        if delivery.repository is None or delivery.repository_id is None:
            raise LookupError(f"delivery {delivery.guid} names no repository to write to")
        where = RepositoryRef(
            id=delivery.repository_id,
            full_name=delivery.repository,
            installation_id=delivery.installation_id or 0,
        )
        await self.effects.apply(where, effect, run_id=None)

    async def start(self, start: Start | Again) -> str | None:
        return await self.engine.start(start)

    async def tell(self, tell: Tell) -> str | None:
        return await self.engine.tell(tell)

    async def pause(self, pause: Pause) -> None:
        where, by, at = pause.repository_id, pause.by, time.time()
        if pause.on:
            await self.engine.database.write(lambda c: pauses.pause(c, where, by, at))
        else:
            await self.engine.database.write(lambda c: pauses.resume(c, where))


@dataclass(slots=True, kw_only=True)
class Service:
    """Everything behind the door. ``ready`` once deliveries are being acted on."""

    settings: Settings
    database: Database
    journal: Journal
    ready: bool = False

    async def work(self) -> None:
        """Act on deliveries until cancelled; raises OperatorError where a setting is wrong."""
        async with (
            open_session(self.settings) as session,
            hire(self.settings, self.database) as staff,
        ):
            if SCRIPTED in staff.runtimes:
                await require_forge(session, self.settings.github_url)
            await self._work(App(self._registration(), session), staff)

    async def _work(self, app: App, staff: Staff) -> None:
        me = await _introduce(app)
        key = await self._marker_key()
        engine, effects = await self._engine(app, me, key, staff)
        rulebook = Rulebook(app=app, override=self.settings.config_file)
        engine.launch()
        dispatcher = Dispatcher(
            self.database,
            self.journal,
            handle=decider(app, me, rulebook, self.settings, engine.acts.writer.shop),
            act=Actor(engine=engine, effects=effects),
        )
        self.ready = True
        async with asyncio.TaskGroup() as group:
            group.create_task(dispatcher.run())
            if self.settings.sweep_seconds:
                sweep = Sweep(app.as_app, self.database, self.settings.sweep_seconds)
                group.create_task(sweep.forever(self.journal))

    async def _engine(self, app: App, me: Me, key: bytes, staff: Staff) -> tuple[Engine, Effects]:
        settings, source = self.settings, self._source(app)
        works = Works(settings.data_dir / "runs", source.mirrors)
        shop = await self._shop(source, works, Markers(key), me, staff)
        effects = Effects(
            app,
            self.database,
            limits=WriteBudget(),
            marker_key=key,
            pusher=Pusher(works),
            cleared=partial(withhold, staff.secrets),
        )
        slots = Slots(
            worker=settings.limit_worker,
            repository=settings.limit_repository,
            installation=settings.limit_installation,
        )
        acts = _acts(Writer(shop=shop, applier=effects), source, slots)
        engine = Engine(
            database=self.database,
            path=settings.data_dir / ENGINE_FILE,
            acts=acts,
            benches=Benches(shop, slots, acts.say.comment),
        )
        return engine, effects

    def _source(self, app: App) -> Source:
        settings = self.settings
        proxy = proxy_for(settings.github_html_url, settings)
        network = Network(proxy=proxy, no_proxy=settings.no_proxy, ca_file=settings.ca_file)
        return Source(
            app=app,
            rulebook=Rulebook(app=app, override=settings.config_file),
            mirrors=Mirrors(settings.data_dir / "mirrors", network=network),
            patience=Patience(self.database),
        )

    async def _shop(
        self, source: Source, works: Works, markers: Markers, me: Me, staff: Staff
    ) -> Shop:
        settings = self.settings
        return Shop(
            database=self.database,
            worktrees=Worktrees(settings.data_dir / "worktrees", works),
            box=await find_box(settings),
            staff=staff,
            thread=source,
            identity=Identity(name=me.login, email=me.email),
            works=works,
            markers=markers,
            errors=_error_classes(settings),
            egress=Allowed.parse(settings.egress) if settings.egress else None,
            cache=settings.data_dir / "cache",
        )

    async def _marker_key(self) -> bytes:
        make = partial(randomness.token_bytes, MARKER_BYTES)
        return await self.database.write(lambda c: secrets.get_or_create(c, "marker", make))

    def _registration(self) -> Registration:
        return Registration(
            app_id=self.settings.app_id,
            private_key=self.settings.private_key.get_secret_value(),
            api_url=self.settings.github_url,
        )


def _acts(writer: Writer, source: Source, slots: Slots) -> Acts:
    reading = Reading(source)
    return Acts(
        writer,
        Opener(shop=writer.shop, source=source),
        BranchActs(writer),
        Sayings(writer),
        Notices(writer),
        PlanActs(writer, source),
        Tidying(writer, source),
        RoundActs(writer, source, reading, Collector(writer, reading)),
        ReplyActs(writer),
        CiActs(writer, reading),
        QueueActs(writer, slots),
    )


def _error_classes(settings: Settings) -> tuple[ErrorClass, ...]:
    return errors.load(*([settings.errors_file] if settings.errors_file else []), errors.OURS)


async def _introduce(app: App) -> Me:
    """Ask GitHub who we are, until it answers: deliveries are taken in meanwhile."""
    while True:
        try:
            return await app.me()
        except (EffectDelayed, aiohttp.ClientError) as error:
            _log.warning("GitHub does not answer yet: %s", error)
            await asyncio.sleep(getattr(error, "seconds", 5.0))
