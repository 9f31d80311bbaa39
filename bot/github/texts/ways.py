"""What a person can do about a run now: a box, or the words where boxes are not read."""

from bot.github.texts import boxes
from bot.runs import OF_ATTEMPT, OVER, SHARED, Budget, Publish, Run, RunStatus

_LATER = (
    "`/coppice retry` goes on from the kept work once that budget begins anew, or whoever runs"
    " Coppice raised it; `budget=` does not change it."
)
_AFRESH = OVER | {"secret"}
"""The ends after which going on comes to the same end: a frozen text keeps its secret."""


def way(run: Run, again: Budget, *, asks_ci: bool = True) -> str:
    """The one act that is possible now; ``again`` is what the run may spend anew."""
    boxed = run.publish not in (Publish.COMMENT, Publish.PATCH)
    if run.status is RunStatus.DONE:
        left_out = asks_ci and run.pull_request is not None and not run.work.ci
        waits = left_out and not run.work.needs
        return "CI was left out so far; `/coppice ci` runs it." if waits else ""
    return _on(run, again, boxed=boxed) if run.status.ended else _while(run, boxed=boxed)


def _while(run: Run, *, boxed: bool) -> str:
    """While it lives."""
    if run.status is RunStatus.WAITING and (overlap := run.work.overlaps) is not None:
        if not boxed:
            return "To go on all the same, write `/coppice approve`; else `/coppice stop`."
        return f"{boxes.go_on(overlap.hash)}\n{boxes.STOP}"
    return boxes.STOP if boxed else "To stop it, write `/coppice stop`."


def _on(run: Run, again: Budget, *, boxed: bool) -> str:
    """After it ended without what was wanted."""
    kind = run.error.kind if run.error else ""
    if kind in _AFRESH:
        return "To start afresh, write `/coppice run`."
    if kind == "budget" and boxed and not _is_shared(run):
        return boxes.retry_with(again, run.error.message if run.error else "")
    if kind == "budget" and _begins_anew(run):
        return f"{boxes.RETRY}\n\n{_LATER}" if boxed else _LATER
    retry = "`/coppice retry`; to start afresh, write `/coppice run`."
    if run.pull_request is not None:  # as long as it is open no other run starts
        retry = f"`/coppice retry`, or `/coppice` and what you want; #{run.pull_request} stays."
    if boxed:
        return f"{boxes.RETRY}\n\nOr write {retry}"
    return f"To go on from the kept work, write {retry}"


def _begins_anew(run: Run) -> bool:
    """Is it one of the operator's, of a day or a month?"""
    return _is_shared(run) and OF_ATTEMPT not in (run.error.message if run.error else "")


def _is_shared(run: Run) -> bool:
    """Is it another budget than the run's own that is used up? More for the run changes nothing."""
    return run.error is not None and run.error.message.startswith(SHARED)
