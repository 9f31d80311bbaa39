"""Apply effects: ledger, look-up, one write, ledger."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from bot.errors import EffectRefused
from bot.github.answers import Unanswered
from bot.github.app import App
from bot.github.clock import Clock
from bot.github.effects.call import Call, LeftOut, Pen
from bot.github.effects.clearing import with_texts
from bot.github.effects.git import GitWithToken, Pusher
from bot.github.effects.kinds import KINDS
from bot.github.limits import WriteBudget
from bot.github.marker import Markers
from bot.github.tokens import Permissions
from bot.runs import Applied, Effect, RepositoryRef
from bot.store import ledger
from bot.store.database import Connection, Database
from bot.store.ledger import LedgerRow, LedgerStatus
from bot.telemetry import seen

PROGRESS_SECONDS = 15.0  # between two edits of one object that only tell how far it is
UNANSWERED_WAITS = (1.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """One effect on its way."""

    repository: RepositoryRef
    effect: Effect
    run_id: str | None
    owner: str
    key: str
    permissions: Permissions

    @property
    def progress(self) -> bool:
        return getattr(self.effect, "progress", False)

    @property
    def digest(self) -> str:
        """Of what is to be written; taken when the ledger asks, people wait for a reaction."""
        said = self.effect.model_dump_json(exclude={"progress"})
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tools:
    """What effects are applied with."""

    app: App
    database: Database
    markers: Markers
    pusher: Pusher
    limits: WriteBudget
    clock: Clock


class Effects:
    """Applies effects one by one; safe to call again at any time, and beside a zombie of itself."""

    def __init__(  # noqa: PLR0913 the composition root names each
        self,
        app: App,
        database: Database,
        *,
        limits: WriteBudget,
        marker_key: bytes,
        pusher: Pusher,
        clock: Clock | None = None,
        cleared: Callable[[str], str] = str,
    ) -> None:
        """``cleared`` looks at every text before it goes out, and may change it."""
        self._cleared = cleared
        self._tools = _Tools(
            app=app,
            database=database,
            markers=Markers(marker_key),
            pusher=pusher,
            limits=limits,
            clock=clock or Clock(),
        )
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def apply(
        self, repository: RepositoryRef, effect: Effect, *, run_id: str | None, scope: str = ""
    ) -> Applied:
        """Bring GitHub to what the effect says, with one write at most.

        ``scope`` tells effects of no run apart; leave it empty where comment id or purpose does.
        Raises EffectDelayed (try again after its seconds) and EffectRefused (no use).
        """
        owner = run_id or scope or "-"
        kind = KINDS[effect.kind]
        if not kind.declaration.wordless:
            effect = with_texts(effect, self._cleared)
        order = _Order(
            repository=repository,
            effect=effect,
            run_id=run_id,
            owner=owner,
            key=f"{effect.kind}/{repository.id}/{kind.key(effect, owner)}",
            permissions=kind.declaration.permissions,
        )
        turn = self._turns.setdefault(order.key, asyncio.Lock())
        with seen.effect(effect.kind, repository, run_id) as told:
            async with turn:
                applied = await self._in_turn(order)
            told.outcome = seen.wrote(something=applied.wrote)
        return applied

    async def _in_turn(self, order: _Order) -> Applied:
        single = KINDS[order.effect.kind].declaration.single
        row = None if single else await self._begin(order)
        known = row.object if row and row.status is LedgerStatus.APPLIED else None
        unwritten = (known or Applied(wrote=False)).model_copy(update={"wrote": False})
        if row and known and self._settled(order, row):
            return unwritten
        left_out = unwritten.model_copy(update={"left_out": True})
        if row and known and self._too_soon(order, row):
            return left_out
        try:
            applied = await self._carry_out(order, known)
        except LeftOut:
            return left_out
        except EffectRefused as refused:
            if refused.kind == "uninstalled":
                await self._void(order.repository.installation_id)
            raise
        await self._end(order, applied, begun=row is not None)
        return applied

    def _settled(self, order: _Order, row: LedgerRow) -> bool:
        """Tell whether nothing is to be done, by the ledger alone."""
        heals = KINDS[order.effect.kind].declaration.heals
        return row.digest == order.digest and (order.progress or not heals)

    def _too_soon(self, order: _Order, row: LedgerRow) -> bool:
        return order.progress and self._tools.clock.now() - row.last_at < PROGRESS_SECONDS

    async def _carry_out(self, order: _Order, known: Applied | None) -> Applied:
        """Apply it; after a write that GitHub did not answer, look again before writing again."""
        apply = KINDS[order.effect.kind].apply
        for seconds in UNANSWERED_WAITS:
            try:
                return await apply(await self._call(order, known), order.effect)
            except Unanswered:
                await self._tools.clock.sleep(seconds)
        return await apply(await self._call(order, known), order.effect)

    async def _call(self, order: _Order, known: Applied | None) -> Call:
        tools, repository = self._tools, order.repository
        client = await tools.app.client(
            repository.installation_id, repository.id, permissions=order.permissions
        )
        pen = Pen(
            client=client,
            budget=tools.limits,
            installation_id=repository.installation_id,
            progress=order.progress,
        )
        return Call(
            repository=repository,
            owner=order.owner,
            known=known,
            client=client,
            pen=pen,
            markers=tools.markers,
            app=tools.app,
            git=GitWithToken(tools.app, tools.pusher, repository, order.owner),
        )

    async def _begin(self, order: _Order) -> LedgerRow:
        at = self._tools.clock.now()
        return await self._tools.database.write(lambda c: _note(c, order, at))

    async def _end(self, order: _Order, applied: Applied, *, begun: bool) -> None:
        at = self._tools.clock.now()

        def end(c: Connection) -> None:
            if not begun:
                _note(c, order, at)
            ledger.applied(c, order.key, applied, digest=order.digest, wrote=applied.wrote, at=at)

        await self._tools.database.write(end)

    async def _void(self, installation_id: int) -> None:
        await self._tools.database.write(lambda c: ledger.void_installation(c, installation_id))


def _note(c: Connection, order: _Order, at: float) -> LedgerRow:
    return ledger.begin(
        c,
        order.key,
        run_id=order.run_id,
        installation_id=order.repository.installation_id,
        kind=order.effect.kind,
        at=at,
    )
