"""Freeze what the agent will be told: the issue as the trigger had it, and who said what."""

from bot.errors import StageFailed
from bot.github.texts.moments import clock, count
from bot.guard.sanitize import Sanitized, sanitize
from bot.guard.secrets import scan
from bot.pipeline.ports import Attempt, IssueComment, Ports, StageResult
from bot.pipeline.snapshots import Snapshot, Span, digest, write
from bot.runs import Json, StageStatus

SHOWN = 20
"""Hidden pieces of which people are told what they are."""
CUT = 200
LONGEST = 4000
"""Characters of the text as it was given that people are shown where something was hidden."""


async def snapshot(attempt: Attempt, ports: Ports) -> StageResult:
    """Write the run's snapshot; comments of people without write access are left out and counted.

    Title and body are the trigger's own, so that an edit after it changes nothing. Comments that
    were made or changed after the trigger are left out and listed. Of somebody else's pull request
    nothing but title and body is taken.
    """
    run = attempt.run
    comments = [] if run.work.visit else await ports.thread.comments(run)
    kept = [c for c in comments if c.may_write and c.updated_at <= run.trigger.at]
    late = [c for c in comments if c.may_write and c.updated_at > run.trigger.at]
    title, body = sanitize(run.trigger.title), sanitize(run.trigger.body)
    said = [sanitize(comment.body) for comment in kept]
    goal = sanitize(run.trigger.goal or "").text or None
    _refuse_secrets(run.issue, title.text, body.text, goal or "", *(c.body for c in kept))
    named = [(f"comment by {c.author}", text) for c, text in zip(kept, said, strict=True)]
    hidden = _hidden(("title", title), ("text", body), *named)
    frozen = Snapshot(
        title=title.text,
        body=body.text,
        goal=goal,
        at=run.trigger.at,
        comments=tuple(map(_span, kept, said)),
        changed_later=tuple(comment.id for comment in late),
        left_out=len(comments) - len(kept) - len(late),
        removed=len(hidden),
    )
    write(ports.files, frozen)
    return StageResult(
        status=StageStatus.PASSED,
        summary=f"The text as of {clock(run.trigger.at)}, {count(len(kept), 'comment')}.",
        data={
            "hash": digest(ports.files),
            "authors": sorted({comment.author for comment in kept}),
            "left_out": frozen.left_out,
            "changed_later": list(frozen.changed_later),
            "removed": frozen.removed,
            "hidden": hidden[:SHOWN],
            "text": f"{frozen.title}\n\n{frozen.body}"[:LONGEST] if hidden else None,
        },
    )


def _hidden(*texts: tuple[str, Sanitized]) -> list[Json]:
    """What was taken out of each, as people are shown it; a secret never."""
    return [
        [where, piece.line, piece.kind.value, piece.text[:CUT] if not _secret(piece.text) else None]
        for where, cleaned in texts
        for piece in cleaned.removed
    ]


def _secret(text: str) -> bool:
    return bool(scan(text.encode(errors="replace"), "hidden.md"))


def _refuse_secrets(issue: int, *texts: str) -> None:
    """End the run before any model sees a secret; what it is is named, never shown."""
    data = "\n".join(texts).encode(errors="replace")
    found = sorted({_kind(finding.rule) for finding in scan(data, f"issue-{issue}.md")})
    if found:
        raise StageFailed(
            "secret",
            f"The text here holds what looks like a secret ({', '.join(found)}), so no agent"
            " was given it. Revoke it where it was issued: taking it out of the text does not undo"
            " that it was there. Then edit the text, delete the revision that holds it, and start"
            " afresh.",
            blocked=True,
        )


def _kind(rule: str) -> str:
    """The name of a rule as people know it: whose list it is from says nothing to them."""
    return rule.removeprefix("betterleaks.")


def _span(comment: IssueComment, cleaned: Sanitized) -> Span:
    return Span(id=comment.id, author=comment.author, at=comment.updated_at, text=cleaned.text)
