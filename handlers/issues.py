"""React to ``issues`` events: the trigger label, and issues that go away."""

import asyncio

from gidgethub.sansio import Event

from bot.errors import UserError
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import Decision, DeleteBranch, MessageKind, Permission, React, Run, ignore
from handlers.context import Context
from handlers.payloads import IssueEvent, IssueLabelled, read
from handlers.people import Refusal, Rules, machine, rights_and_rules, rules_of
from handlers.routing import Router
from handlers.runs import Wanted, alive, stop, tell
from handlers.starting import Wish, in_the_way, misconfigured, start

router = Router()


@router.register("issues", action="labeled")
async def begin(event: Event, context: Context) -> Decision:
    """Start a run when somebody with write access puts the trigger label on an open issue."""
    told = read(event, IssueLabelled)
    if why := machine(told.sender, context) or _unfit(told):
        return ignore(why)
    (rules, held), living = await asyncio.gather(
        _rules_and_rights(told, context), _living(told, context)
    )
    if not _is_trigger(told.label.name, rules):
        return ignore(f"label `{told.label.name}` is not a trigger")
    if not held.may_write:
        return _refuse(told, f"label {told.label.name}", held)
    wish = Wish(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=told.issue,
        by=told.sender,
        rules=rules,
    )
    return _begin(wish, living, context)


def _begin(wish: Wish, living: Run | None, context: Context) -> Decision:
    other = in_the_way(wish, living)
    if other is not None:
        return ignore(f"run {other.short_id} is working on this")
    try:
        starting = start(wish, context)
    except UserError as error:
        effect = misconfigured(wish.issue.number, error)
        return Decision(effects=(effect,), reason=str(error))
    seen = React(issue=wish.issue.number, content="eyes")
    return Decision(starts=(starting,), effects=(seen,))


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
    held, rules = await rights_and_rules(context, told.ref, told.sender.login)
    if not _is_trigger(told.label.name, rules):
        return ignore(f"label `{told.label.name}` is not a trigger")
    if not held.may_write:
        return _refuse(told, f"taking off label {told.label.name}", held)
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


def _refuse(told: IssueLabelled, asked: str, held: Permission) -> Decision:
    starts = asked.startswith("label")
    refusal = Refusal(
        asked=asked, sender=told.sender, held=held, issue=told.issue.number, starts=starts
    )
    return refusal.decision()


def _unfit(told: IssueLabelled) -> str | None:
    """Say why no label on this starts anything, or None."""
    if told.issue.pull_request is not None:
        return "it is a pull request, not an issue"
    if told.repository.archived:
        return "the repository is archived"
    return "the issue is closed" if told.issue.state != "open" else None


async def _living(told: IssueLabelled, context: Context) -> Run | None:
    for _ in range(2):
        await asyncio.sleep(0)  # the calls to GitHub go out first: they take longer
    return await context.runs.living(told.ref.id, told.issue.number)


async def _rules_and_rights(told: IssueLabelled, context: Context) -> tuple[Rules, Permission]:
    """Ask for both at once where the label is likely to be the trigger, else not for the person."""
    if told.label.name.casefold() == RepositoryConfig().trigger.label.casefold():
        held, rules = await rights_and_rules(context, told.ref, told.sender.login)
        return rules, held
    rules = await rules_of(context, told.ref)
    if not _is_trigger(told.label.name, rules):
        return rules, Permission.NONE
    return rules, await context.github.permission(told.ref, told.sender.login)


def _is_trigger(label: str, rules: Rules) -> bool:
    """Labels have no case on GitHub; where the configuration cannot be read, the default counts."""
    config = RepositoryConfig() if isinstance(rules, UserError) else rules
    return label.casefold() == config.trigger.label.casefold()
