"""`/coppice run` and `/coppice plan`: start a run for an issue."""

from dataclasses import replace
from functools import partial

from bot.errors import UserError
from bot.runs import MessageKind, RunStatus
from handlers.commands.command import Asked, Command, Reply, Where, Who
from handlers.commands.settings import STARTING
from handlers.context import Context
from handlers.runs import AtWork, say
from handlers.starting import in_the_way, start

LONGEST_GOAL = 2000


async def _call(asked: Asked, context: Context, *, plan_only: bool) -> Reply:
    if asked.issue.state != "open":
        raise UserError("The issue is closed; open it again first.")
    goal = " ".join(asked.words)[:LONGEST_GOAL] or None
    wish = replace(asked.wish, goal=goal, plan_only=plan_only)
    living = await context.runs.living(asked.repository.id, asked.issue.number)
    other = in_the_way(wish, living)
    if other is None:
        return Reply(starts=(await start(wish, context),))
    if plan_only and other.status is RunStatus.WAITING:
        return Reply(tells=(say(other, MessageKind.PLAN, asked.wanted),))
    raise AtWork(other)


COMMAND = Command(
    verb="run",
    summary="Start a run; the words after it tell the agent what matters.",
    call=partial(_call, plan_only=False),
    words="[GOAL]",
    most_words=None,
    settings=STARTING,
    who=Who.START,
    where=(Where.ISSUE,),
    examples=(
        "/coppice run",
        "/coppice run keep the old name as an alias",
        "/coppice run agent=codex budget=5usd",
    ),
    needs_rules=True,
)
PLAN = Command(
    verb="plan",
    summary="Make a plan from the issue as it is now; nothing is written but the plan.",
    call=partial(_call, plan_only=True),
    words="[GOAL]",
    most_words=None,
    settings=STARTING,
    who=Who.START,
    where=(Where.ISSUE,),
    examples=("/coppice plan", "/coppice plan only the parser"),
    needs_rules=True,
)
