"""What can be said to a run that there is: stop it, go on with it, tell it what happened."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypedDict, Unpack

from bot.errors import UserError
from bot.pipeline import definition
from bot.runs import (
    OVER,
    Again,
    Budget,
    Message,
    MessageKind,
    Publish,
    Run,
    RunStatus,
    Tell,
)


class AtWork(UserError):
    """A run is in the way of what somebody wants."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"Run `{run.short_id}` is working on this.")
        self.run = run


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody with write access wants of a run; ``key`` makes a second one harmless."""

    by: str
    by_id: int | None = None
    key: str
    asked: str
    """As it is told to others: `/coppice stop`, `the button Stop`."""
    comment_id: int | None = None
    """The comment with the command, where it was one: the run reacts to it."""
    on_lines: bool = False
    """That comment stands at lines of a pull request."""
    issue: int | None = None
    """Where that comment stands."""
    machine: bool = False
    """A bot of the operator's list wants it."""


class Details(TypedDict, total=False):
    """The fields of a message that only some kinds have."""

    reason: str
    text: str
    tests: bool
    title: str | None
    hash: str | None
    at: str | None
    stage: str | None
    verdicts: bool
    budget: Budget | None
    publish: Publish | None
    sha: str | None
    draft: bool | None
    review_id: int | None
    comment_ids: tuple[int, ...]


def alive(run: Run) -> bool:
    """Tell whether a run reads messages: it works, or follows its pull request."""
    return run.following or not run.status.ended


def stop(run: Run, wanted: Wanted) -> Tell:
    return say(run, MessageKind.STOP, wanted, reason=f"{wanted.asked} by {wanted.by}")


def tell(
    run: Run, kind: MessageKind, key: str, *, reason: str, by: str | None, merged: bool = False
) -> Tell:
    """Make a message for a run; ``reason`` ends the sentence "Stopped: …"."""
    message = Message(kind=kind, by=by, reason=reason, merged=merged)
    return Tell(run_id=run.id, message=message, key=key)


def say(run: Run, kind: MessageKind, wanted: Wanted, **more: Unpack[Details]) -> Tell:
    """Make a message of somebody's own wish."""
    details: Details = {"reason": wanted.asked, **more}
    message = Message(
        kind=kind,
        by=wanted.by,
        by_id=wanted.by_id,
        machine=wanted.machine,
        comment_id=wanted.comment_id,
        on_lines=wanted.on_lines,
        issue=wanted.issue,
        **details,
    )
    return Tell(run_id=run.id, message=message, key=wanted.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """How an ended run, or one that follows its pull request, is to go on."""

    stage: str | None = None
    verdicts: bool = False
    """Of a run that follows: only the verdicts on the head, all or that of the stage."""
    note: str | None = None
    hash: str | None = None
    """Of an approval: the plan with which the run ended."""
    budget: Budget | None = None
    publish: Publish | None = None


def retry(run: Run, wanted: Wanted, onward: Onward = Onward()) -> Again | Tell:
    """Go on with a run; while its pull request is open that is one more round on it.

    Raises UserError where there is nothing to go on with.
    """
    _check_stage(run, onward.stage)
    again = Again(
        run_id=run.id,
        key=wanted.key,
        stage=onward.stage,
        note=onward.note,
        budget=onward.budget,
        publish=onward.publish,
        hash=onward.hash,
        by=wanted.by,
        by_id=wanted.by_id,
    )
    if run.following:
        kind = MessageKind.RETRY if onward.note is None else MessageKind.NOTE
        return say(
            run,
            kind,
            wanted,
            stage=onward.stage,
            verdicts=onward.verdicts or _judges(run, onward.stage),
            text=onward.note or "",
            budget=onward.budget,
        )
    if run.work.again == wanted.key:
        return again
    if not run.status.ended:
        raise AtWork(run)
    _check_over(run, onward)
    return again


def _judges(run: Run, stage: str | None) -> bool:
    """Is it a stage that only says what the work is worth?"""
    return definition.kinds(run.pipeline).get(stage or "") in definition.JUDGING


def _check_over(run: Run, onward: Onward) -> None:
    """Refuse to go on with what is finished; work that was only shown may still be published."""
    further = run.pull_request is None and (onward.publish or onward.hash) is not None
    over = run.error is not None and run.error.kind in OVER
    if definition.visits(run.pipeline):
        if over:
            raise UserError(f"Run `{run.short_id}` is over: the pull request is closed.")
        return
    if over or (run.status is RunStatus.DONE and not further and run.pull_request is not None):
        raise UserError(
            f"Run `{run.short_id}` is over: its pull request or branch is closed. "
            "`/coppice run` starts afresh."
        )
    told = onward.note is not None or run.work.unheard
    if run.status is RunStatus.DONE and not further and not told:
        raise UserError(
            f"Run `{run.short_id}` is done. `/coppice retry publish publish=pr` goes on from its "
            "work; `/coppice run` starts afresh."
        )


def _check_stage(run: Run, stage: str | None) -> None:
    known = definition.kinds(run.pipeline)
    if stage is None or stage in known:
        return
    near = get_close_matches(stage, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there is: {', '.join(known)}."
    raise UserError(f"Run `{run.short_id}` has no stage of this name; {hint}")
