"""Since when people can read what waits for their word; what was said before is not about it."""

from bot.runs import Applied, Json, Run, Shown


def noted(run: Run, applied: Applied) -> dict[str, Json]:
    """What to write down once a comment shows what waits; nothing where that was there before."""
    waits, before = run.work.plan_hash, run.work.shown
    if waits is None or applied.at is None or (before is not None and before.hash == waits):
        return {}
    shown = Shown(hash=waits, at=applied.at, instead=before is not None)
    return {"shown": shown.model_dump(mode="json")}


def stale(run: Run) -> dict[str, Json]:
    """The same once something changed about what waits: it has to be read anew."""
    before = run.work.shown
    if before is None:
        return {}
    return {"shown": before.model_copy(update={"hash": ""}).model_dump(mode="json")}
