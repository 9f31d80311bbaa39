"""The acts on a plan that waits: who approved what, and what voids it. Knows nothing of dbos.

An approval binds the plan's hash, the commit that it stands on, and the person's permission at the
moment when it is acted on.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from bot.engine import audited
from bot.engine.gates import approvals, asked
from bot.engine.gates.overlap import beside
from bot.engine.gates.ownership import Ownership
from bot.engine.gates.showing import stale
from bot.engine.outcome import GO_ON, Outcome, blocked, cancelled
from bot.engine.source import Source
from bot.engine.writer import Writer
from bot.github.markdown import code
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract
from bot.pipeline.story import Story
from bot.runs import (
    Amendment,
    Approval,
    Gate,
    Json,
    Kept,
    Message,
    Run,
    RunEvent,
    RunStatus,
)
from bot.store import audit, runs
from bot.store.audit import Entry
from bot.store.database import Connection

STAGE = "plan"
NOTHING: Mapping[str, Json] = {}
_NO_RULES = "the rules that were frozen at the run's start cannot be read any more"


class Waiting(Kept):
    """Where the gate stands."""

    outcome: Outcome = GO_ON
    passed: bool = False
    seconds: float = 0.0
    """Until the plan expires."""
    amending: bool = False
    """The work is done; only what it needs beside the plan waits."""
    only: bool = False
    """Nothing but a plan was asked for."""


class Answer(Kept):
    """What became of a message."""

    done: bool


@dataclass(frozen=True, slots=True)
class PlanActs:
    writer: Writer
    source: Source

    async def look(self, run_id: str) -> Json:
        """Find the plan that waits, if one does; answers a ``Waiting``."""
        return (await self._look(await self.writer.story(run_id))).model_dump(mode="json")

    async def _look(self, story: Story) -> Waiting:
        run, config, made = story.run, story.config, story.plan
        if config is None:
            return Waiting(outcome=blocked("no_rules", _NO_RULES, stage=STAGE))
        if made is None:
            return _without_plan(run, config)
        gate = run.work.gate
        if gate is None or gate.hash != made.hash:
            others = await beside(self.source, run, config, made)
            gate = asked.gate(run, made, (*asked.reasons(run, config, made), *others))
        only = run.trigger.options.plan_only
        if gate.passed:
            await self._save(run.id, gate)
            return Waiting(passed=True)
        left = approvals.asks(gate).asked_at + config.approvals.expire_seconds - time.time()
        if left <= 0:
            why = f"nobody approved the plan within {config.approvals.expire}"
            return Waiting(outcome=cancelled("expired", why, stage=STAGE))
        await self._save(run.id, gate, status=RunStatus.WAITING)
        return Waiting(seconds=left, amending=gate.amendment is not None, only=only)

    async def approve(self, run_id: str, document: Json) -> Json:
        """Count an approval, if it still fits everything that it was given for."""
        story, message = await self.writer.story(run_id), Message.model_validate(document)
        gate, made = story.run.work.gate, story.plan
        if gate is None or made is None or gate.passed or message.by is None:
            return _answer(done=gate is not None and gate.passed)
        moved = await self._moved(story.run, gate, made)
        if moved is not None:
            await self._save(run_id, moved)
            return _answer(done=False)
        refused = await self._refusal(story, gate, made, message)
        if refused is not None:
            await self._refuse(story.run, gate, message, refused)
            return _answer(done=False)
        counted = await self._count(story, gate, made, message)
        await self._save(run_id, counted, noted=audited.approved(story.run, gate, message))
        return _answer(done=True)

    async def replan(self, run_id: str, document: Json) -> Json:
        """Take a new snapshot for a new plan; a note goes to whoever plans."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        found = await self.source.issue(run)
        trigger = run.trigger
        if found is not None:
            new = {"title": found.title, "body": found.body, "at": found.updated_at}
            trigger = trigger.model_copy(update=new)
        gate = run.work.gate
        why = "`/coppice plan`" if not message.text else "a note"
        changed = f"It was made again after {why} by `{message.by}`."
        work: dict[str, Json] = {"note": message.text or None}
        if gate is not None:
            void = approvals.voided(gate, changed, time.time(), edit=None)
            work["gate"] = void.model_dump(mode="json")
        await self.writer.update(run_id, trigger=trigger, work=work, status=RunStatus.PLANNING)
        await self.writer.heard(run_id, message)
        return _answer(done=True)

    async def rework(self, run_id: str, document: Json) -> Json:
        """Have the work made again with somebody's words, in the place of what it asks for."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        gate = run.work.gate
        if gate is not None:
            await self._save(run_id, approvals.without_amendment(gate))
        await self.writer.update(run_id, work={"note": run.work.with_note(message.text)})
        await self.writer.heard(run_id, message)
        return _answer(done=True)

    async def take_note(self, run_id: str, document: Json) -> Json:
        """Keep somebody's words for whoever plans and works."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        await self.writer.update(run_id, work={"note": run.work.with_note(message.text)})
        await self.writer.heard(run_id, message)
        return _answer(done=True)

    async def edited(self, run_id: str, document: Json) -> Json:
        """Void what was approved, and show what somebody changed in the issue."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        gate, told = run.work.gate, run.trigger
        if gate is None or gate.passed or gate.amendment is not None:
            await self.writer.update(run_id, work={"edited": message.by})
            return _answer(done=False)
        new = (told.title if message.title is None else message.title, message.text)
        if new == (told.title, told.body):
            return _answer(done=False)
        changed = f"The issue was edited by `{message.by}`; the plan is for what it was before."
        shown = approvals.edit((told.title, told.body), new)
        void = approvals.voided(gate, changed, time.time(), edit=shown)
        await self._save(run_id, void, also=stale(run))
        return _answer(done=True)

    async def base_moved(self, run_id: str, _document: Json) -> Json:
        """Void what was approved where the base changed in the plan's files."""
        story = await self.writer.story(run_id)
        gate, made = story.run.work.gate, story.plan
        moved = await self._moved(story.run, gate, made) if gate and made else None
        if moved is not None:
            await self._save(run_id, moved)
        return _answer(done=moved is not None)

    async def amend(self, run_id: str) -> Json:
        """Ask for the files beside the plan that the work changes all the same."""
        story = await self.writer.story(run_id)
        gate, paths = story.run.work.gate, asked.outside(story)
        if gate is not None and paths:
            gone = asked.outside(story, "gone")
            shown = [gate.hash, *paths, *([{"gone": gone}] if gone else [])]
            digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()
            wanted = Amendment(hash=digest, paths=paths, gone=gone, asked_at=time.time())
            waits = {
                "amendment": wanted,
                "planned": gate.planned or gate.approvals,
                "approvals": (),
                "passed": False,
                "changed": None,
            }
            await self._save(run_id, gate.model_copy(update=waits))
        return _answer(done=gate is not None and bool(paths))

    async def _refusal(
        self, story: Story, gate: Gate, made: Contract, message: Message
    ) -> str | None:
        run, config, by = story.run, story.config, message.by or ""
        if config is None:
            return _NO_RULES
        held = await self.source.permission(run.repository, message.person)
        owner = owned = True
        if config.approvals.from_ == "CODEOWNERS":
            mine = await Ownership(self.writer, self.source).by(run, gate, made, [by])
            owner, owned = bool(mine.theirs), bool(mine.theirs or mine.others)
        rules = approvals.Rules(
            requester=asked.not_counting(run, config),
            owner=owner,
            owned=owned,
            # a label says nothing of when it was chosen; a comment was written, and is answered
            read=run.work.read_by(message.at, surely=message.comment_id is None),
        )
        return approvals.refusal(gate, message, held, rules)

    async def _count(self, story: Story, gate: Gate, made: Contract, message: Message) -> Gate:
        """Add one; where they are enough, those before it are checked once more."""
        run, config = story.run, story.config or RepositoryConfig()
        new = Approval(
            by=message.person,
            hash=gate.asks,
            base_sha=gate.base_sha,
            at=time.time(),
        )
        given = approvals.added(gate.approvals, new)
        if len(given) >= config.approvals.count:
            held = [await self.source.permission(run.repository, a.by) for a in given]
            given = approvals.still_counting(given, held, asked.not_counting(run, config))
        gate = gate.model_copy(update={"approvals": given, "refused": None})
        enough = len(given) >= config.approvals.count
        if not enough or config.approvals.from_ != "CODEOWNERS":
            return approvals.passed(gate) if enough else gate
        logins = [a.by.login for a in given]
        others = (await Ownership(self.writer, self.source).by(run, gate, made, logins)).others
        if not others:
            return approvals.passed(gate)
        said = f"An owner of {code(others[0])} has to approve it too."
        return gate.model_copy(update={"changed": said})

    async def _moved(self, run: Run, gate: Gate, made: Contract) -> Gate | None:
        """The gate with nothing approved, where the base moved in the plan's files."""
        branch = run.work.base_ref or ""
        now = await self.source.head(run.repository, branch)
        if now is None or now == gate.base_sha:
            return None
        await self.source.fetch(run.repository, branch)
        changes = await self.writer.shop.objects(run).changes(gate.base_sha, now)
        paths = [change.path for change in changes]
        within = sorted(set(paths) - set(made.outside(paths)))
        if not within:
            return None
        listed = ", ".join(code(path) for path in within[:5])
        changed = f"{code(branch)} moved to {now[:7]} and changed {listed}."
        return approvals.moved(gate, changed, time.time(), now)

    async def _refuse(self, run: Run, gate: Gate, message: Message, why: str) -> None:
        """Have the plan comment say why an approval does not count."""
        said = f"The approval by `{message.by}` does not count: {why}."
        await self._save(run.id, gate.model_copy(update={"refused": said}))
        event = RunEvent(
            stage=STAGE, attempt=1, type="approval_refused", data={"by": message.by, "why": why}
        )

        def write(c: Connection) -> None:
            runs.append_events(c, run.id, [event], time.time())
            audit.record(c, audited.approval_refused(run, message, why))

        await self.writer.write(write)

    async def _save(
        self,
        run_id: str,
        gate: Gate,
        status: RunStatus | None = None,
        noted: Entry | None = None,
        also: Mapping[str, Json] = NOTHING,
    ) -> None:
        shown = None if gate.passed else gate.asks
        work = {"gate": gate.model_dump(mode="json"), "plan_hash": shown, **also}
        if shown is None:
            work["shown"] = None
        changes: runs.Changes = {"work": work}
        if status is not None:
            changes["status"] = status

        def save(c: Connection) -> None:
            runs.update(c, run_id, **changes)
            if noted is not None:
                audit.record(c, noted)

        await self.writer.write(save)


def _without_plan(run: Run, config: RepositoryConfig) -> Waiting:
    """Nobody can approve what there is not; where an approval is always wanted, that blocks."""
    if config.gate == "always" or run.trigger.options.gate or run.trigger.options.plan_only:
        why = f"a plan has to be approved first, and the agent `{run.agent}` makes none"
        return Waiting(outcome=blocked("no_plan", why, stage=STAGE))
    return Waiting(passed=True)


def _answer(*, done: bool) -> Json:
    return Answer(done=done).model_dump(mode="json")
