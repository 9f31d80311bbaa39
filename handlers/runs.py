"""What can be said to a run that there is: stop it, go on with it, tell it what happened."""

from dataclasses import dataclass
from difflib import get_close_matches

from bot.errors import UserError
from bot.github.texts import answers
from bot.pipeline import definition
from bot.runs import OVER, Again, Message, MessageKind, Run, RunStatus, Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody with write access wants of a run; ``key`` makes a second one harmless."""

    by: str
    key: str
    asked: str
    """As it is told to others: `/coppice stop`, `the button Stop`."""


def alive(run: Run) -> bool:
    """Tell whether a run reads messages: it works, or follows its pull request."""
    return run.following or not run.status.ended


def stop(run: Run, wanted: Wanted) -> Tell:
    reason = f"{wanted.asked} by {wanted.by}"
    return tell(run, MessageKind.STOP, wanted.key, reason=reason, by=wanted.by)


def tell(
    run: Run, kind: MessageKind, key: str, *, reason: str, by: str | None, merged: bool = False
) -> Tell:
    """Make a message for a run; ``reason`` ends the sentence "Stopped: …"."""
    message = Message(kind=kind, by=by, reason=reason, merged=merged)
    return Tell(run_id=run.id, message=message, key=key)


def retry(run: Run, wanted: Wanted, stage: str | None = None) -> Again | Tell:
    """Go on with a run; while its pull request is open that is one more round on it.

    Raises UserError where there is nothing to go on with.
    """
    _check_stage(run, stage)
    if run.following:
        message = Message(kind=MessageKind.RETRY, by=wanted.by, reason=wanted.asked, stage=stage)
        return Tell(run_id=run.id, message=message, key=wanted.key)
    if run.work.again == wanted.key:
        return Again(run_id=run.id, key=wanted.key, stage=stage, by=wanted.by)
    if not run.status.ended:
        raise UserError(answers.already_working(run))
    if run.status is RunStatus.DONE or (run.error and run.error.kind in OVER):
        raise UserError(
            f"Run `{run.short_id}` is over: its pull request or branch is closed. "
            "`/coppice run` starts afresh."
        )
    return Again(run_id=run.id, key=wanted.key, stage=stage, by=wanted.by)


def _check_stage(run: Run, stage: str | None) -> None:
    known = definition.kinds(run.pipeline)
    if stage is None or stage in known:
        return
    near = get_close_matches(stage, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there is: {', '.join(known)}."
    raise UserError(f"Run `{run.short_id}` has no stage of this name; {hint}")
