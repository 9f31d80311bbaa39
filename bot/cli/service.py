"""Put the service together: GitHub, engine, handlers and dispatcher around one database."""

import asyncio
import logging
import secrets as randomness
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

import aiohttp

from bot.agent.loopback import require_forge
from bot.box.destination import Allowed
from bot.cli.connection import mail_host, open_session, proxy_for
from bot.cli.crew import Crew
from bot.cli.dispatching import Dispatching
from bot.cli.equipment import Equipment
from bot.cli.reconciling import reconciling
from bot.cli.staff import SCRIPTED, hire
from bot.engine.acts import Acts
from bot.engine.agents import Staff
from bot.engine.bench import Benches
from bot.engine.branch import BranchActs
from bot.engine.cluster.luggage import Luggage
from bot.engine.cluster.slots import Slots
from bot.engine.cluster.turns import ClusterTurns
from bot.engine.engine import Engine
from bot.engine.gates.overlap import OverlapActs
from bot.engine.gates.plans import PlanActs
from bot.engine.notices import Notices
from bot.engine.opening import Opener
from bot.engine.patience import Patience
from bot.engine.queueing import QueueActs
from bot.engine.rounds.acts import RoundActs
from bot.engine.rounds.ci_acts import CiActs
from bot.engine.rounds.collecting import Collector
from bot.engine.rounds.comparing import CompareActs
from bot.engine.rounds.reading import Reading
from bot.engine.rounds.replies import ReplyActs
from bot.engine.rounds.standing import Standing
from bot.engine.rounds.tidying import Tidying
from bot.engine.sayings import Sayings
from bot.engine.shop import Shop
from bot.engine.source import Source
from bot.engine.visits.acts import VisitActs
from bot.engine.visits.mend_acts import MendActs
from bot.engine.visits.mend_sayings import MendSayings
from bot.engine.visits.survey import Surveyor
from bot.engine.writer import Writer
from bot.errors import EffectDelayed
from bot.github.app import App, Me, Registration
from bot.github.effects import Effects
from bot.github.limits import SharedWriteBudget, WriteBudget
from bot.github.marker import Markers
from bot.guard.known import withhold
from bot.intake.delivery import Delivery
from bot.intake.journal import Journal
from bot.intake.sweep import Sweep
from bot.pipeline.rulebook import Rulebook
from bot.runs import Again, Commanded, Effect, Pause, RepositoryRef, Start, Tell
from bot.settings import Settings
from bot.store import pauses, secrets
from bot.store.database import Database
from bot.telemetry import traces
from bot.telemetry.board import Board
from bot.telemetry.health import Health
from bot.worktree import Identity, Mirrors, Network, Pusher, Works, Worktrees
from handlers.reads import decider

MARKER_BYTES = 32
LAST_WORDS = 2.5  # seconds
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

    async def note(self, commands: Sequence[Commanded]) -> None:
        await self.engine.note(commands)

    async def pause(self, pause: Pause) -> None:
        where, by, at = pause.repository_id, pause.by, time.time()
        change = pauses.pause if pause.on else pauses.resume
        await self.engine.database.write(lambda c: change(c, where, by, at))


@dataclass(slots=True, kw_only=True)
class Service:
    """Everything behind the door; its board says whether deliveries are being acted on."""

    settings: Settings
    equipment: Equipment
    database: Database
    journal: Journal
    board: Board
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where this process was asked to end, by the database or from outside."""
    crew: Crew | None = None
    opened: AsyncExitStack | None = None
    """What runs use, from the moment that they may run: never closed."""

    async def work(self) -> None:
        """Act on deliveries until cancelled; raises OperatorError where a setting is wrong.

        What runs use is never closed once they may run, not even at the end: a step that finds it
        closed would be recorded as the run's failure. The end of the process closes it.
        """
        async with AsyncExitStack() as opened:
            session = await opened.enter_async_context(open_session(self.settings))
            staff = await opened.enter_async_context(hire(self.settings, self.database))
            if SCRIPTED in staff.runtimes:
                await require_forge(session, self.settings.github_url)
            self.crew = crew = await Crew.join(self.settings, self.database)
            app = App(self._registration(), session, fence=crew.member.fence)
            await self._work(app, staff, crew, opened)

    async def drain(self) -> bool:
        """Let work end for a while; True: others can go on with the rest, nothing is to be closed.

        What a step uses must not be closed under it: that would be recorded as its failure.
        """
        return self.crew is not None and await self.crew.drain()

    async def leave(self) -> None:
        """Write nothing more, and have others go on with the rest at once."""
        if self.crew is not None:
            await self.crew.leave()

    async def end(self) -> None:
        """Send off what is still to be told; a collector that is gone keeps nobody waiting."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await asyncio.to_thread(traces.close)

    async def _work(self, app: App, staff: Staff, crew: Crew, opened: AsyncExitStack) -> None:
        me = await _introduce(app, self.board.health)
        engine, effects = await self._engine(app, me, staff, crew)
        rulebook = Rulebook(app=app, override=self.settings.config_file)
        box = self.equipment.box
        self.board.box = (box.level.label, box.level.value)
        await engine.prepare()
        self.opened = opened.pop_all()
        engine.launch()
        await engine.revive()
        self.board.health.has("engine")
        every = self.settings.sweep_seconds
        dispatching = Dispatching(
            database=self.database,
            journal=self.journal,
            handle=decider(app, me, rulebook, self.settings, engine.acts.writer.shop),
            act=Actor(engine=engine, effects=effects),
            sweep=Sweep(app.as_app, self.database, every) if every else None,
            unheard=reconciling(app, me, rulebook, self.database) if every else None,
            board=self.board,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(crew.work(engine))
            group.create_task(dispatching.forever())
            await crew.member.asked_to_leave.wait()
            self.stop.set()

    async def _engine(self, app: App, me: Me, staff: Staff, crew: Crew) -> tuple[Engine, Effects]:
        key = await self._marker_key()
        settings, source = self.settings, self._source(app)
        works = Works(settings.data_dir / "runs", source.mirrors)
        shop = self._shop(source, works, Markers(key), me, staff)
        alone = self.database.file is not None
        limits = WriteBudget() if alone else SharedWriteBudget(self.database)
        self.board.writes = limits.fullest
        effects = Effects(
            app,
            self.database,
            limits=limits,
            marker_key=key,
            pusher=Pusher(works, crew.member.fence),
            cleared=partial(withhold, staff.secrets),
        )
        acts = _acts(Writer(shop=shop, applier=effects), source, crew.turns)
        engine = Engine(
            database=self.database,
            path=settings.engine_file,
            acts=acts,
            benches=Benches(shop, crew.turns, acts.progress.tell),
            executor=crew.member.name,
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

    def _shop(self, source: Source, works: Works, markers: Markers, me: Me, staff: Staff) -> Shop:
        settings = self.settings
        return Shop(
            database=self.database,
            worktrees=Worktrees(settings.data_dir / "worktrees", works),
            box=self.equipment.box,
            staff=staff,
            thread=source,
            identity=Identity(name=me.login, email=me.email),
            works=works,
            markers=markers,
            errors=self.equipment.errors,
            egress=Allowed.parse(settings.egress) if settings.egress else None,
            luggage=self._luggage(source, works),
            cache=settings.data_dir / "cache",
        )

    def _luggage(self, source: Source, works: Works) -> Luggage | None:
        if self.database.file is not None:
            return None
        return Luggage(database=self.database, works=works, bring=source.bring)

    async def _marker_key(self) -> bytes:
        make = partial(randomness.token_bytes, MARKER_BYTES)
        return await self.database.write(lambda c: secrets.get_or_create(c, "marker", make))

    def _registration(self) -> Registration:
        return Registration(
            app_id=self.settings.app_id,
            private_key=self.settings.private_key.get_secret_value(),
            api_url=self.settings.github_url,
            reread=self.settings.reread_private_key,
            mail_host=mail_host(self.settings.github_html_url),
        )


def _acts(writer: Writer, source: Source, slots: Slots | ClusterTurns) -> Acts:
    reading = Reading(source)
    return Acts(
        writer,
        Opener(shop=writer.shop, source=source),
        BranchActs(writer),
        Sayings(writer),
        Notices(writer),
        PlanActs(writer, source),
        OverlapActs(writer, source),
        Tidying(writer, source),
        RoundActs(writer, Standing(writer, source), reading, Collector(writer, reading)),
        CompareActs(writer),
        ReplyActs(writer),
        CiActs(writer, reading),
        QueueActs(writer, slots),
        VisitActs(writer, source),
        MendActs(writer, source, Surveyor(writer, source, reading), MendSayings(writer)),
    )


async def _introduce(app: App, health: Health) -> Me:
    """Ask GitHub who we are, until it answers: deliveries are taken in meanwhile."""
    while True:
        try:
            me = await app.me()
        except (EffectDelayed, aiohttp.ClientError) as error:
            _log.warning("GitHub does not answer yet: %s", error)
            health.lacks("GitHub", "does not answer yet")
            await asyncio.sleep(getattr(error, "seconds", 5.0))
        else:
            health.has("GitHub")
            return me
