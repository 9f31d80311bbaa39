"""React to ``check_suite`` events: CI that ended, and the re-run of all our verdicts."""

from gidgethub.sansio import Event

from bot.errors import UserError
from bot.pipeline import definition
from bot.runs import Again, Decision, Run, ignore
from handlers.ci import checked
from handlers.context import Context
from handlers.payloads import CheckSuiteEvent, read
from handlers.people import machine, permission
from handlers.routing import Router
from handlers.runs import Onward, Wanted, retry

router = Router()


@router.register("check_suite", action="completed")
async def follow(event: Event, context: Context) -> Decision:
    """Tell the run that all checks of another app on its head have ended."""
    told = read(event, CheckSuiteEvent)
    suite = told.check_suite
    if suite.app is not None and suite.app.id == context.me.app_id:
        return ignore("the check suite is our own")
    return await checked(event, told, context, suite.head_branch, sha=suite.head_sha)


@router.register("check_suite", action="rerequested")
async def rerun(event: Event, context: Context) -> Decision:
    """Go on with the run of the suite's branch."""
    told = read(event, CheckSuiteEvent)
    if told.check_suite.app is None or told.check_suite.app.id != context.me.app_id:
        return ignore("the check suite is of another app")
    if who := machine(told.sender, context):
        return ignore(who)
    run = await _own(told, context) or await _visitor(told, context)
    if run is None:
        return ignore("the check suite belongs to no run")
    held = await permission(context, told.ref, told.sender)
    if not held.may_write:
        return ignore(f"it needs write access; {told.sender.login} has {held}")
    wanted = Wanted(
        by=told.sender.login,
        by_id=told.sender.id,
        key=f"{event.delivery_id}/0",
        asked="re-run of all checks",
    )
    try:
        onward = retry(run, wanted, Onward(verdicts=True))
    except UserError as error:
        return ignore(str(error))
    return Decision(starts=(onward,)) if isinstance(onward, Again) else Decision(tells=(onward,))


async def _own(told: CheckSuiteEvent, context: Context) -> Run | None:
    """Find the run of the suite's branch, which GitHub leaves out at times."""
    suite = told.check_suite
    if suite.head_branch is not None:
        return await context.runs.of_branch(told.ref.id, suite.head_branch)
    find = context.runs.of_pull_request
    found = [await find(told.ref.id, pull.number) for pull in suite.pull_requests]
    return next((run for run in found if run is not None), None)


async def _visitor(told: CheckSuiteEvent, context: Context) -> Run | None:
    """Find the newest run that went to the pull request; of a fork's GitHub names the head only."""
    for pull in told.check_suite.pull_requests:
        run = await context.runs.latest(told.ref.id, pull.number)
        if run is not None and definition.visits(run.pipeline):
            return run
    return await context.runs.of_visit(told.ref.id, told.check_suite.head_sha)
