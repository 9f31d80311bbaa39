"""`/coppice approve` and `/coppice reject`: what becomes of the plan that is shown."""

import re

from bot.errors import UserError
from bot.github.texts.boxes import SHOWN
from bot.runs import Again, MessageKind, Run, RunStatus
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context
from handlers.runs import Onward, retry, say

HASH = re.compile(r"[0-9a-f]{4,64}")


async def _approve(asked: Asked, context: Context) -> Reply:
    run = await asked.run(context)
    hash_, at = _shown(asked, run), asked.comment.created_at
    if run.status.ended and not run.following and run.status is not RunStatus.DONE:
        raise UserError("No plan waits any more: its run has ended. `/coppice retry` goes on.")
    if run.status.ended and not run.following:
        if not run.only_planned:
            raise UserError("No plan waits for an approval here.")
        if hash_ is None and not run.work.read_by(at):
            raise UserError("This was written before the plan was there to read.")
        onward = retry(run, asked.wanted, Onward(hash=run.work.plan_hash))
        return Reply(starts=(onward,)) if isinstance(onward, Again) else Reply(tells=(onward,))
    if run.following and run.status is RunStatus.DONE and not run.work.needs:
        raise UserError("Nothing waits for an approval here.")
    return Reply(tells=(say(run, MessageKind.APPROVE, asked.wanted, hash=hash_, at=at),))


def _shown(asked: Asked, run: Run) -> str | None:
    """The whole hash that is named; raises UserError where it is not the one that waits.

    None: none is named. The run looks whether its plan could be read by then; of an open pull
    request it is a word to a round that waits, because that was approved before.
    """
    shown = run.work.plan_hash
    if shown is None and not (run.following and not asked.words):
        raise UserError("No plan waits for an approval here.")
    if shown is None or not asked.words:
        return None
    given = asked.words[0].lower().strip("`")
    if not HASH.fullmatch(given):
        raise UserError("It takes the hash that the plan shows, such as `3b7e90c2`.")
    if not shown.startswith(given):
        raise UserError(f"`{given}` is not the plan that waits; that one is `{shown[:SHOWN]}`.")
    return shown


async def _reject(asked: Asked, context: Context) -> Reply:
    run = await asked.newest_run(context)
    if run is None or run.status is not RunStatus.WAITING:
        raise UserError("No plan waits for an approval here.")
    why = " ".join(asked.words)[:1000]
    return Reply(tells=(say(run, MessageKind.REJECT, asked.wanted, reason=why),))


APPROVE = Command(
    verb="approve",
    summary="Approve the plan that is shown, or an amendment of it.",
    call=_approve,
    words="[HASH]",
    most_words=1,
    examples=("/coppice approve", "/coppice approve 3b7e"),
)
REJECT = Command(
    verb="reject",
    summary="Refuse the plan and end the run; to change it instead, write what you want.",
    call=_reject,
    words="[WHY]",
    most_words=None,
    examples=("/coppice reject", "/coppice reject we drop this feature"),
)
