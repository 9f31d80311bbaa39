"""React to ``pull_request`` events: merged or closed, labelled for a review, a box ticked."""

from gidgethub.sansio import Event

from bot.errors import UserError
from bot.runs import Again, Decision, MessageKind, Permission, React, ignore
from handlers import labels, ticks
from handlers.commands.asking import allowed, carry_out
from handlers.commands.command import Asked
from handlers.context import Context
from handlers.payloads import (
    Comment,
    PullRequestEdited,
    PullRequestEvent,
    PullRequestLabelled,
    read,
)
from handlers.people import (
    Refusal,
    Rules,
    colleague,
    machine,
    may_start,
    permission,
    rights_and_rules,
)
from handlers.routing import Router
from handlers.runs import Wanted, alive, say, stop, tell
from handlers.starting import Wish, misconfigured, readable
from handlers.visiting import REVIEW, visit, visitor

router = Router()
_CLOSED = ("closed", "pull_request_closed")


@router.register("pull_request", action="closed")
async def close(event: Event, context: Context) -> Decision:
    """Tell the runs that their pull request is over; whoever did it."""
    told = read(event, PullRequestEvent)
    number, merged = told.pull_request.number, told.pull_request.merged
    own = await context.runs.of_pull_request(told.ref.id, number)
    other = await visitor(context, told.ref, number)
    found = [run for run in (own, other) if run is not None]
    if not found:
        return ignore(f"pull request #{number} is not of Coppice")
    by, living = told.sender.login, [run for run in found if alive(run)]
    if not living:
        return ignore(f"run {found[0].short_id} has ended")
    tells = [
        tell(
            run,
            MessageKind.CLOSED,
            f"{event.delivery_id}/{n}",
            reason=f"pull request #{number} was {'merged' if merged else 'closed'} by {by}",
            by=by,
            merged=merged,
        )
        for n, run in enumerate(living)
    ]
    return Decision(tells=tuple(tells))


@router.register("pull_request", action="reopened")
async def follow_again(event: Event, context: Context) -> Decision:
    """Have the run that ended with its pull request live with it again; nothing is begun by it."""
    told = read(event, PullRequestEvent)
    number = told.pull_request.number
    run = await context.runs.of_pull_request(told.ref.id, number)
    if run is None:
        return ignore(f"pull request #{number} is not of Coppice")
    if alive(run) or run.error is None or run.error.kind not in _CLOSED:
        return ignore(f"run {run.short_id} did not end because #{number} was closed")
    other = await context.runs.living(told.ref.id, run.issue)
    if other is not None:
        return ignore(f"run {other.short_id} is working on this")
    by, key = told.sender, f"{event.delivery_id}/0"
    return Decision(starts=(Again(run_id=run.id, key=key, follow=True, by=by.login, by_id=by.id),))


@router.register("pull_request", action="ready_for_review")
@router.register("pull_request", action="converted_to_draft")
async def ready(event: Event, context: Context) -> Decision:
    """Tell our run what its draft was made; GitHub asked whether the person may."""
    told = read(event, PullRequestEvent)
    if told.sender.id == context.me.user_id:
        return ignore("sender is this app")
    number = told.pull_request.number
    run = await context.runs.of_pull_request(told.ref.id, number)
    if run is None or not run.following:
        return ignore(f"pull request #{number} is not of Coppice")
    asked = "GitHub's own button"
    wanted = Wanted(
        by=told.sender.login, by_id=told.sender.id, key=f"{event.delivery_id}/0", asked=asked
    )
    draft = event.data["action"] == "converted_to_draft"
    return Decision(tells=(say(run, MessageKind.READY, wanted, draft=draft),))


@router.register("pull_request", action="synchronize")
async def moved(event: Event, context: Context) -> Decision:
    """Say why a push to somebody's branch starts nothing: reviews are asked for, each one."""
    told = read(event, PullRequestEvent)
    number = told.pull_request.number
    run = await visitor(context, told.ref, number)
    if run is None:
        return ignore(f"nobody asked for anything about the new commits of #{number}")
    return ignore(f"run {run.short_id} looks at the head once more before it says anything")


@router.register("pull_request", action="labeled")
async def label(event: Event, context: Context) -> Decision:
    """Review a pull request, anybody's, when somebody who may start runs puts the label on."""
    told = read(event, PullRequestLabelled)
    if who := machine(told.sender, context):
        return ignore(who)
    if told.label.name.casefold() != labels.REVIEW:
        return ignore(f"label `{told.label.name}` is not a trigger on a pull request")
    if told.repository.archived:
        return ignore("the repository is archived")
    held, rules = await rights_and_rules(context, told.ref, told.sender)
    if not await may_start(context, told.ref, told.sender, held, rules):
        return await _refuse(told, held, context, rules)
    wish = Wish(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=told.pull_request.issue,
        by=told.sender,
        rules=rules,
    )
    try:
        readable(rules)
    except UserError as error:
        return Decision(effects=(misconfigured(wish, error),), reason=str(error))
    try:
        begun = await visit(wish, REVIEW, context)
    except UserError as error:
        return ignore(str(error))
    return Decision(starts=(begun,), effects=(React(issue=wish.issue.number, content="eyes"),))


@router.register("pull_request", action="unlabeled")
async def unlabel(event: Event, context: Context) -> Decision:
    """Stop the review when somebody with write access takes its label off."""
    told = read(event, PullRequestLabelled)
    if who := machine(told.sender, context):
        return ignore(who)
    if told.label.name.casefold() != labels.REVIEW:
        return ignore(f"label `{told.label.name}` is not a trigger on a pull request")
    run = await visitor(context, told.ref, told.pull_request.number)
    if run is None or run.pipeline != REVIEW:
        return ignore("no review is at work here")
    held = await permission(context, told.ref, told.sender)
    if not held.may_write:
        return await _refuse(told, held, context)
    asked = f"label {told.label.name} taken off"
    wanted = Wanted(by=told.sender.login, key=f"{event.delivery_id}/0", asked=asked)
    return Decision(tells=(stop(run, wanted),))


async def _refuse(
    told: PullRequestLabelled, held: Permission, context: Context, rules: Rules | None = None
) -> Decision:
    refusal = Refusal(
        asked=f"label {told.label.name}",
        sender=told.sender,
        held=held,
        repository=told.ref,
        issue=told.pull_request.number,
        starts=rules is not None,
        rules=rules,
        colleague=await colleague(context, told.ref, told.sender, held, rules),
    )
    return refusal.decision(context)


@router.register("pull_request", action="edited")
async def tick(event: Event, context: Context) -> Decision:
    """Take a box that somebody ticked in our description for the command that it stands for."""
    told = read(event, PullRequestEdited)
    if told.changes.base is not None:
        return await _retargeted(event, told, context)
    if who := machine(told.sender, context):
        return ignore(who)
    pull = told.pull_request
    if pull.user is None or pull.user.id != context.me.user_id:
        return ignore(f"pull request #{pull.number} is not of Coppice")
    old = (told.changes.body and told.changes.body.before) or ""
    before, after = context.markers.part(old), context.markers.part(pull.body or "")
    box = ticks.ticked(before, after)  # boxes beside our part are the repository's own
    line = ticks.command(box, before, context.markers) if box else None
    if box is None or line is None:
        return ignore("no box was ticked")
    asked = Asked(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=pull.issue,
        comment=Comment(id=0, html_url=pull.html_url),
        sender=told.sender,
        rules=None,
        line=line,
        box=box,
    )
    held = await permission(context, told.ref, told.sender)
    return await allowed([asked], held, context) or await carry_out([asked], context)


async def _retargeted(event: Event, told: PullRequestEdited, context: Context) -> Decision:
    """Tell the run that its pull request has another base; GitHub does that by itself too."""
    number = told.pull_request.number
    run = await context.runs.of_pull_request(told.ref.id, number)
    if run is None:
        return ignore(f"pull request #{number} is not of Coppice")
    if not alive(run):
        return ignore(f"run {run.short_id} has ended")
    asked = f"#{number} has another base"
    wanted = Wanted(by=told.sender.login, key=f"{event.delivery_id}/0", asked=asked)
    return Decision(tells=(say(run, MessageKind.BASE, wanted),))
