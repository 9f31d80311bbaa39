"""The one new comment of a run: only when a person must act, or it failed. Edits notify nobody."""

from bot.github.markdown import code
from bot.runs import OVER, Overlap, Run


def plan_waits(run: Run, plan_url: str | None, *, mention: bool) -> str:
    """Say whose approval is waited for; nobody is mentioned whose approval does not count."""
    link = f" ([plan]({plan_url}))" if plan_url else ""
    who = f"@{run.trigger.by.login}: the" if mention else "The"
    if run.work.gate is not None and run.work.gate.amendment is not None:
        return f"{who} work for #{run.issue} needs files beside its plan{link}."
    return f"{who} plan for #{run.issue} waits for you{link}."


def overlaps(run: Run, overlap: Overlap) -> str:
    """Ask whether a run goes on although others are at the same issue."""
    status = run.work.status_comment_url
    link = f" ([status]({status}))" if status else ""
    one = len(overlap.rivals) == 1
    closes = "closes" if one else "close"
    return (
        f"@{run.trigger.by.login}: {rivals(overlap)} {closes} #{run.issue} too; the run waits for"
        f" your word{link}."
    )


def rivals(overlap: Overlap) -> str:
    """`#12 by `raj` and #14 by `mia`."""
    named = [f"#{rival.number} by {code(rival.author)}" for rival in overlap.rivals[:5]]
    more = len(overlap.rivals) - len(named)
    named += [f"{more} more"] if more else []
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def stopped(run: Run, headline: str) -> str:
    """Say that a run failed, or that something is in its way; ``headline`` is Markdown of ours."""
    status = run.work.status_comment_url
    link = f" ([status]({status}))" if status else ""
    return f"@{run.trigger.by.login}: {headline}{link}."


def acts(run: Run, what: str) -> str:
    """Say what a person has to decide; ``what`` is Markdown of ours."""
    return f"@{run.trigger.by.login}: {what}"


def untouched(run: Run, term: str) -> str:
    """Say why an open draft is closed, and where its work is."""
    return (
        f"Closed: nobody touched this draft for {term}. `coppice patch {run.short_id}` has its"
        f" work; `/coppice run` on #{run.issue} starts afresh."
    )


def unheard(run: Run) -> str:
    """Say what waits for a retry, where the run ended before it could be taken in."""
    over = run.error is not None and run.error.kind in OVER
    if not run.work.unheard or not run.status.ended or over or run.pull_request is not None:
        return ""
    people = " and ".join(dict.fromkeys(code(note.by) for note in run.work.unheard))
    return f"`/coppice retry` takes along what {people} wrote meanwhile."
