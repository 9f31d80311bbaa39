"""React to ``check_run`` events: our buttons, and GitHub's own re-run."""

from gidgethub.sansio import Event

from bot.errors import UserError
from bot.github.texts.boxes import SHOWN
from bot.runs import Again, Decision, MessageKind, Run, ignore
from handlers.commands.approve import HASH
from handlers.context import Context
from handlers.payloads import CheckRunEvent, read
from handlers.people import machine, permission
from handlers.routing import Router
from handlers.runs import Onward, Wanted, alive, retry, say, stop

router = Router()


@router.register("check_run", action="requested_action")
async def press(event: Event, context: Context) -> Decision:
    """Carry out a button for somebody with write access."""
    told = read(event, CheckRunEvent)
    run = await _run_of(told, context)
    if isinstance(run, str):
        return ignore(run)
    pressed = told.requested_action.identifier if told.requested_action else ""
    button, _, shown = pressed.partition("-")
    wanted = Wanted(
        by=told.sender.login,
        by_id=told.sender.id,
        key=f"{event.delivery_id}/0",
        asked=f"the button {button.title()}",
    )
    if button == "stop":
        if not alive(run):
            return ignore(f"run {run.short_id} has ended")
        return Decision(tells=(stop(run, wanted),))
    if button == "retry":
        return _again(run, wanted)
    if button in ("approve", "reject"):
        return _answer(run, wanted, button, shown)
    return ignore(f"there is no button `{pressed}`")


@router.register("check_run", action="rerequested")
async def rerun(event: Event, context: Context) -> Decision:
    """Go on with the run; the re-run of a verdict begins at its stage."""
    told = read(event, CheckRunEvent)
    run = await _run_of(told, context)
    if isinstance(run, str):
        return ignore(run)
    wanted = Wanted(
        by=told.sender.login,
        by_id=told.sender.id,
        key=f"{event.delivery_id}/0",
        asked=f"re-run of {told.check_run.name}",
    )
    return _again(run, wanted, _stage(told))


def _answer(run: Run, wanted: Wanted, button: str, shown: str) -> Decision:
    """Approve or reject the plan that the button named when it was pressed."""
    waits = run.work.plan_hash
    if waits is None or not alive(run):
        return ignore("no plan waits for an approval here")
    if not HASH.fullmatch(shown):
        return ignore("the button names no plan; the box of the plan does")
    if button == "approve":  # of another plan than the one that waits: the run says so
        return Decision(tells=(say(run, MessageKind.APPROVE, wanted, hash=shown),))
    if not waits.startswith(shown):
        return ignore(f"the button was that of `{shown}`; what waits now is `{waits[:SHOWN]}`")
    return Decision(tells=(say(run, MessageKind.REJECT, wanted, reason=""),))


def _again(run: Run, wanted: Wanted, stage: str | None = None) -> Decision:
    try:
        onward = retry(run, wanted, Onward(stage=stage, verdicts=stage is not None))
    except UserError as error:
        return ignore(str(error))
    if isinstance(onward, Again):
        return Decision(starts=(onward,))
    return Decision(tells=(onward,))


async def _run_of(told: CheckRunEvent, context: Context) -> Run | str:
    """Find the run of a check run of ours, if the sender may steer it; else say why not.

    Ours is what our App made: GitHub lets nobody else write as it.
    """
    if told.check_run.app is None or told.check_run.app.id != context.me.app_id:
        return "the check run is of another app"
    if who := machine(told.sender, context):
        return who
    run_id = (told.check_run.external_id or "").split("/")[0]
    run = await context.runs.get(run_id) if run_id else None
    if run is None or run.id != run_id or run.repository.id != told.repository.id:
        return "the check run belongs to no run"
    held = await permission(context, told.ref, told.sender)
    return run if held.may_write else f"it needs write access; {told.sender.login} has {held}"


def _stage(told: CheckRunEvent) -> str | None:
    """Read the stage of a verdict from `run/stage-n/sha`; the run's own check run has none."""
    parts = (told.check_run.external_id or "").split("/")
    stage = parts[1].rpartition("-")[0] if len(parts) > 1 else ""
    return stage if stage and stage != "run" else None
