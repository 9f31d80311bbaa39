"""The one new comment of a run: only when a person must act, or it failed. Edits notify nobody."""

from bot.github.markdown import line, prose
from bot.runs import Run


def plan_waits(run: Run, plan_url: str | None, *, mention: bool) -> str:
    """Say whose approval is waited for; nobody is mentioned whose approval does not count."""
    link = f" ([plan]({plan_url}))" if plan_url else ""
    who = f"@{run.trigger.by.login}: the" if mention else "The"
    if run.work.gate is not None and run.work.gate.amendment is not None:
        return f"{who} work for #{run.issue} needs files beside its plan{link}."
    return f"{who} plan for #{run.issue} waits for you{link}."


def stopped(run: Run, headline: str) -> str:
    """Say that a run failed, or that something is in its way."""
    status = run.work.status_comment_url
    link = f" ([status]({status}))" if status else ""
    return f"@{run.trigger.by.login}: {prose(line(headline, 200))}{link}."


def acts(run: Run, what: str) -> str:
    """Say what a person has to decide; ``what`` is Markdown of ours."""
    return f"@{run.trigger.by.login}: {what}"


def untouched(run: Run, term: str) -> str:
    """Say why an open draft is closed, and where its work is."""
    return (
        f"Closed: nobody touched this draft for {term}. `coppice patch {run.short_id}` has its"
        f" work; `/coppice run` on #{run.issue} starts afresh."
    )
