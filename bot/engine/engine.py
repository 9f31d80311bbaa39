"""Start runs and tell them things: the engine as the rest of the house sees it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dbos import DBOS, SetWorkflowID

from bot.engine import audited
from bot.engine.acts import Acts
from bot.engine.again import onward
from bot.engine.bench import Benches
from bot.engine.cluster.turns import ClusterTurns
from bot.engine.durable import system
from bot.engine.durable.steps import INBOX
from bot.engine.revival import bring_mirrors, living, revive
from bot.engine.visits.mending import CI
from bot.engine.workflows import Workflows
from bot.runs import (
    Again,
    Commanded,
    Grant,
    Json,
    Message,
    MessageKind,
    Note,
    Run,
    RunStatus,
    Start,
    Stop,
    Tell,
)
from bot.store import audit, calls, runs
from bot.store.cluster import orders
from bot.store.database import Connection, Database

_CHILDREN = ["plan", "work"]
_LIVING = ["PENDING", "ENQUEUED"]
_ENDING: dict[MessageKind, Literal["stop", "closed", "branch_deleted"]] = {
    MessageKind.STOP: "stop",
    MessageKind.CLOSED: "closed",
    MessageKind.BRANCH_DELETED: "branch_deleted",
}


@dataclass(slots=True, kw_only=True)
class Engine:
    """Durable runs. One per process: DBOS is a process-wide singleton."""

    database: Database
    path: Path
    """The engine's own file, where the database is SQLite."""
    acts: Acts
    benches: Benches
    executor: str = "local"
    """The name of this worker."""
    _workflows: Workflows = field(init=False)

    def launch(self) -> None:
        """Begin, and go on with what a dead process left; call it inside the running loop."""
        system.quieten()
        DBOS(config=system.configuration(self.database, self.path, self.executor))
        self._workflows = Workflows(self.acts, self.benches)
        turns = self.benches.turns
        if isinstance(turns, ClusterTurns):
            turns.begin, turns.exists = self._workflows.children.begin, _exists
            turns.pass_on = _pass_on
        DBOS.launch()

    async def start(self, start: Start | Again) -> str | None:
        """Start a run, or go on with an ended one; answer why not, else None.

        Repeating it with the same run (or the same key of a retry) changes nothing.
        """
        if isinstance(start, Again):
            return await self._again(start)
        run = start.run
        other = await self.database.write(lambda c: _insert(c, run))
        if other is not None and other.id != run.id:
            return _busy(other)
        await self._begin(run.id, run.id, None)
        return None

    async def prepare(self) -> None:
        """Have on this machine what living runs stand on; before ``launch``."""
        await bring_mirrors(await self.database.read(living), self.acts.tidying.source)

    async def revive(self) -> list[str]:
        """Begin the living runs again that the engine knows nothing of; answer their ids."""
        return await revive(await self.database.read(living), self._begin)

    async def tell(self, tell: Tell) -> str | None:
        """Send a message to a living run; answer why not, else None."""
        run = await self.database.read(lambda c: runs.get(c, tell.run_id))
        if run is None:
            return f"there is no run {tell.run_id}"
        if run.status.ended and not run.following:
            return f"run {run.short_id} has ended"
        message = tell.message
        if message.kind is MessageKind.RENAMED:
            name = message.text
            await self.database.write(lambda c: runs.update(c, run.id, repository=name))
            return None
        if message.kind is MessageKind.NOTE:
            await self.database.write(lambda c: _keep(c, run.id, message.note))
        if await self._ask_to_stop(run, message):
            await self._cancel_child(run)
        await self._send(run, message, tell.key)  # a run that waits for people wakes up by it
        return None

    async def note(self, commands: Sequence[Commanded]) -> None:
        """Write down who asked for what, before it is done.

        It is on disk with the decision at the latest: the log of writes keeps their order.
        """

        def write(c: Connection) -> None:
            for each in commands:
                audit.record(c, audited.commanded(each))

        await self.database.note(write)

    async def _ask_to_stop(self, run: Run, message: Message) -> bool:
        """Note on a working run that it is to end; False: it follows now, and reads its inbox."""
        kind = _ENDING.get(message.kind)
        if kind is None:
            return False
        stop = Stop(by=message.by, reason=message.reason, kind=kind, merged=message.merged)

        def ask(c: Connection) -> bool:
            now = runs.get(c, run.id)
            if now is None or now.status.ended:
                return False
            if runs.request_stop(c, run.id, stop):
                audit.record(c, audited.stopped(run, message))
            return True

        return await self.database.write(ask)

    async def _send(self, run: Run, message: Message, key: str) -> None:
        """Send to the workflow that carries the run now: the newest of its parents."""
        parent = await self._newest_parent(run.id)
        await DBOS.send_async(
            parent, message.model_dump(mode="json"), topic=INBOX, idempotency_key=key
        )
        if self.database.file is not None:
            await asyncio.to_thread(system.wake, parent)

    async def _newest_parent(self, run_id: str) -> str:
        found = await DBOS.list_workflows_async(
            workflow_id_prefix=run_id,
            name="run",
            sort_desc=True,
            limit=1,
            load_input=False,
            load_output=False,
        )
        return found[0].workflow_id if found else run_id

    async def _again(self, again: Again) -> str | None:
        flow = f"{again.run_id}/again-{again.key}"
        if await DBOS.get_workflow_status_async(flow) is not None:
            return None
        run = await self.database.read(lambda c: runs.get(c, again.run_id))
        if run is None:
            return f"there is no run {again.run_id}"
        by = await self.database.read(lambda c: orders.quarantined_by(c, again.run_id))
        if by is not None:
            return f"run {run.short_id} is in quarantine ({by})"
        if not run.status.ended and await self._children_of(run.id, ["run", *_CHILDREN]):
            return _busy(run)
        other = await self.database.read(lambda c: runs.living(c, run.repository.id, run.issue))
        if other is not None and other.id != run.id:
            return _busy(other)
        stages = await self.database.read(lambda c: runs.stages(c, run.id))
        await self.database.write(lambda c: _take_up(c, run, again))
        await self._begin(flow, run.id, *onward(run, stages, again))
        return None

    async def _begin(
        self, flow: str, run_id: str, stage: str | None, said: Message | None = None
    ) -> None:
        document = None if said is None else said.model_dump(mode="json")
        with SetWorkflowID(flow):
            await DBOS.start_workflow_async(self._workflows.run, run_id, stage, document)

    async def _cancel_child(self, run: Run) -> None:
        """Cancel the living child only: a cancelled parent could not say its last word."""
        await self.benches.turns.withdraw(run.id)
        for workflow in await self._children_of(run.id, _CHILDREN):
            await DBOS.cancel_workflow_async(workflow)

    async def _children_of(self, run_id: str, names: list[str]) -> list[str]:
        found: list[Any] = await DBOS.list_workflows_async(
            workflow_id_prefix=run_id,
            name=names,
            status=_LIVING,
            load_input=False,
            load_output=False,
        )
        return [workflow.workflow_id for workflow in found]


def _take_up(c: Connection, run: Run, again: Again) -> None:
    """Have an ended run live again, with what whoever asks for it wants otherwise."""
    known = (runs.get(c, run.id) or run).work
    work: dict[str, Json] = {
        "again": again.key,
        "note": known.gathered(again.note),
        "notes": [],
        "needs": None,
        "only_ci": again.stage == CI,
    }
    changes: runs.Changes = {"status": RunStatus.QUEUED, "error": None, "stop": None, "work": work}
    if again.budget is not None:
        grant = Grant(budget=again.budget, spent=calls.spend(c, run.id), at=time.time())
        work["grant"] = grant.model_dump(mode="json")
    if again.publish is not None:
        changes["publish"] = again.publish
    if again.follow:
        changes |= {"status": RunStatus.DONE, "following": True}
    if again.hash is not None:  # it ended with its plan; now the work is wanted too
        options = run.trigger.options.model_copy(update={"plan_only": False, "gate": True})
        changes["trigger"] = run.trigger.model_copy(update={"options": options})
    runs.update(c, run.id, **changes)
    audit.record(c, audited.again(run, again))


def _keep(c: Connection, run_id: str, note: Note) -> None:
    """Keep what somebody wrote in the run's row: its workflow may end before it reads of it."""
    runs.revise(c, run_id, lambda work: {"notes": work.noted(note)})


def _insert(c: Connection, run: Run) -> Run | None:
    other = runs.insert(c, run)
    if other is None:
        audit.record(c, audited.started(run))
    return other


def _busy(run: Run) -> str:
    doing = "follows its pull request" if run.following else f"is {run.status}"
    return f"run {run.short_id} is working on this (it {doing})"


async def _exists(workflow: str) -> bool:
    return await DBOS.get_workflow_status_async(workflow) is not None


async def _pass_on(workflow: str) -> None:
    """Have whichever worker comes first go on with a workflow that is ours."""
    status = await DBOS.get_workflow_status_async(workflow)
    if status is not None and status.status == "PENDING":
        await DBOS.resume_workflow_async(workflow)
