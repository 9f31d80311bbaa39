"""React to ``issues`` events: the trigger label, and issues that go away."""

import asyncio

from gidgethub.sansio import Event

from bot.errors import EffectDelayed, UserError
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import (
    Again,
    Decision,
    DeleteBranch,
    MessageKind,
    Permission,
    React,
    Run,
    ignore,
)
from handlers import labels
from handlers.context import Context
from handlers.payloads import IssueEdited, IssueEvent, IssueLabelled, read
from handlers.people import (
    Refusal,
    Rules,
    colleague,
    machine,
    may_start,
    permission,
    rights_and_rules,
    rules_of,
)
from handlers.routing import Router
from handlers.runs import Onward, Wanted, alive, retry, say, stop, tell
from handlers.starting import Wish, in_the_way, misconfigured, start

router = Router()

_LOOK_AGAIN = 2.0  # seconds
_ENDS_WITHIN = 60.0
"""Seconds in which a run that is told to end does so; longer, and nobody works on it just now."""


@router.register("issues", action="labeled")
async def begin(event: Event, context: Context) -> Decision:
    """Start a run when somebody who may puts the trigger label on an open issue."""
    told = read(event, IssueLabelled)
    if why := machine(told.sender, context) or _unfit(told):
        return ignore(why)
    if told.label.name.casefold() == labels.APPROVE:
        return await _approve(event, told, context)
    (rules, held), living = await asyncio.gather(
        _rules_and_rights(told, context), _living(told, context)
    )
    if not _starts(told.label.name, rules):
        return ignore(_no_trigger(told.label.name))
    if not await may_start(context, told.ref, told.sender, held, rules):
        return await _refuse(told, f"label {told.label.name}", held, context, rules=rules)
    wish = Wish(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=told.issue,
        by=told.sender,
        rules=rules,
        plan_only=told.label.name.casefold() == labels.PLAN,
    )
    return await _begin(wish, living, context)


async def _begin(wish: Wish, living: Run | None, context: Context) -> Decision:
    other = in_the_way(wish, living)
    if other is not None:
        if other.stop and context.clock() - other.updated_at < _ENDS_WITHIN:
            # taken off and put on again: it is a new run that is wanted
            raise EffectDelayed(f"run {other.short_id} is about to end", _LOOK_AGAIN)
        return ignore(f"run {other.short_id} is working on this")
    try:
        starting = await start(wish, context)
    except UserError as error:
        effect = misconfigured(wish, error)
        return Decision(effects=(effect,), reason=str(error))
    seen = React(issue=wish.issue.number, content="eyes")
    ignored = starting.run.trigger.ignored
    reason = f"not followed: {'; '.join(ignored)}" if ignored else None
    return Decision(starts=(starting,), effects=(seen,), reason=reason)


async def _approve(event: Event, told: IssueLabelled, context: Context) -> Decision:
    """Approve the plan that was shown when the label was put on, as the command does."""
    number = told.issue.number
    run = await context.runs.living(told.ref.id, number)
    run = run or await context.runs.latest(told.ref.id, number)
    if run is None or run.work.plan_hash is None or not (alive(run) or run.only_planned):
        return ignore("no plan waits for an approval here")
    held = await permission(context, told.ref, told.sender)
    if not held.may_write:
        return await _refuse(told, f"label {told.label.name}", held, context)
    wanted = Wanted(
        by=told.sender.login,
        by_id=told.sender.id,
        key=f"{event.delivery_id}/0",
        asked=f"label {told.label.name}",
    )
    at = told.issue.updated_at
    if alive(run):
        return Decision(tells=(say(run, MessageKind.APPROVE, wanted, at=at),))
    if not run.work.read_by(at):
        return ignore("the label was put on before the plan was there to read")
    onward = retry(run, wanted, Onward(hash=run.work.plan_hash))
    return Decision(starts=(onward,)) if isinstance(onward, Again) else Decision(tells=(onward,))


@router.register("issues", action="edited")
async def note_edit(event: Event, context: Context) -> Decision:
    """Tell a run whose plan waits that the issue reads otherwise now."""
    told = read(event, IssueEdited)
    if told.sender.id == context.me.user_id:
        return ignore("sender is this app")
    if told.changes.title is None and told.changes.body is None:
        return ignore("neither title nor body changed")
    run = await context.runs.living(told.ref.id, told.issue.number)
    if run is None or not alive(run):
        return ignore("no run is at work on this issue")
    wanted = Wanted(by=told.sender.login, key=f"{event.delivery_id}/0", asked="the issue changed")
    edit = say(run, MessageKind.EDITED, wanted, title=told.issue.title, text=told.issue.body or "")
    return Decision(tells=(edit,))


@router.register("issues", action="unlabeled")
async def end_by_label(event: Event, context: Context) -> Decision:
    """Stop the run when somebody with write access takes the trigger label off."""
    told = read(event, IssueLabelled)
    if who := machine(told.sender, context):
        return ignore(who)
    run = await context.runs.living(told.ref.id, told.issue.number)
    if run is None or not alive(run):
        return ignore("no run is at work on this issue")
    if run.following:
        return ignore(f"run {run.short_id} is done; its pull request decides")
    held, rules = await rights_and_rules(context, told.ref, told.sender)
    if not (_is_trigger(told.label.name, rules) or _began_plan(told.label.name, run)):
        return ignore(f"label `{told.label.name}` is not a trigger")
    if not held.may_write:
        return await _refuse(told, f"taking off label {told.label.name}", held, context)
    wanted = Wanted(
        by=told.sender.login,
        key=f"{event.delivery_id}/0",
        asked=f"label {told.label.name} taken off",
    )
    return Decision(tells=(stop(run, wanted),))


@router.register("issues", action="closed")
async def end_by_close(event: Event, context: Context) -> Decision:
    """Stop a working run when a person closes its issue; an open pull request decides itself."""
    told = read(event, IssueEvent)
    if who := machine(told.sender, context):
        return ignore(who)
    run = await context.runs.living(told.ref.id, told.issue.number)
    if run is not None and run.following:
        return ignore(f"run {run.short_id} is done; its pull request decides")
    if run is None and (left := await _left_branch(told, context)):
        return Decision(effects=(left,), reason="deleted the branch that a run left")
    return await _gone(event, context, "the issue was closed")


@router.register("issues", action="deleted")
async def end_by_deletion(event: Event, context: Context) -> Decision:
    """End the run of a deleted issue."""
    return await _gone(event, context, "the issue was deleted")


@router.register("issues", action="transferred")
async def end_by_transfer(event: Event, context: Context) -> Decision:
    """End the run of an issue that moved to another repository."""
    return await _gone(event, context, "the issue was transferred")


async def _left_branch(told: IssueEvent, context: Context) -> DeleteBranch | None:
    """The branch of the newest run, where nothing but our start commit is on it."""
    run = await context.runs.latest(told.ref.id, told.issue.number)
    if run is None or not run.work.idle_branch:
        return None
    return DeleteBranch(branch=run.work.branch or "", expected=run.work.pushed or "")


async def _gone(event: Event, context: Context, what: str) -> Decision:
    told = read(event, IssueEvent)
    run = await context.runs.living(told.ref.id, told.issue.number)
    if run is None or not alive(run):
        return ignore("no run is at work on this issue")
    key, by = f"{event.delivery_id}/0", told.sender.login
    message = tell(run, MessageKind.STOP, key, reason=f"{what} by {by}", by=by)
    return Decision(tells=(message,))


async def _refuse(
    told: IssueLabelled,
    asked: str,
    held: Permission,
    context: Context,
    *,
    rules: Rules | None = None,
) -> Decision:
    """Answer somebody who may not; ``rules`` where what was asked for is a run."""
    refusal = Refusal(
        asked=asked,
        sender=told.sender,
        held=held,
        repository=told.ref,
        issue=told.issue.number,
        starts=rules is not None,
        rules=rules,
        colleague=await colleague(context, told.ref, told.sender, held, rules),
    )
    return refusal.decision(context)


def _unfit(told: IssueLabelled) -> str | None:
    """Say why no label on this starts anything, or None."""
    if told.issue.pull_request is not None:
        return "it is a pull request, not an issue"
    if told.repository.archived:
        return "the repository is archived"
    return "the issue is closed" if told.issue.state != "open" else None


async def _living(told: IssueLabelled, context: Context) -> Run | None:
    # GitHub answers later than the database: both requests of ``rights_and_rules``, a turn of the
    # loop each, leave before a thread competes for the interpreter
    for _ in range(2):
        await asyncio.sleep(0)
    return await context.runs.living(told.ref.id, told.issue.number)


async def _rules_and_rights(told: IssueLabelled, context: Context) -> tuple[Rules, Permission]:
    """Ask for both at once where the label is likely to be the trigger, else not for the person."""
    if told.label.name.casefold() == RepositoryConfig().trigger.label.casefold():
        held, rules = await rights_and_rules(context, told.ref, told.sender)
        return rules, held
    rules = await rules_of(context, told.ref)
    if not _starts(told.label.name, rules):
        return rules, Permission.NONE
    return rules, await permission(context, told.ref, told.sender)


def _no_trigger(label: str) -> str:
    if label.casefold().startswith(labels.PREFIX) and "=" in label:
        return f"label `{label}` chooses for the issue's next run, and starts none"
    return f"label `{label}` is not a trigger"


def _starts(label: str, rules: Rules) -> bool:
    return label.casefold() == labels.PLAN or _is_trigger(label, rules)


def _began_plan(label: str, run: Run) -> bool:
    return label.casefold() == labels.PLAN and run.trigger.options.plan_only


def _is_trigger(label: str, rules: Rules) -> bool:
    """Labels have no case on GitHub; where the configuration cannot be read, the default counts."""
    config = RepositoryConfig() if isinstance(rules, UserError) else rules
    return label.casefold() == config.trigger.label.casefold()
