"""What is told of a run on somebody else's pull request: its story as effects. Pure."""

from collections.abc import Iterable
from typing import Literal

from bot.agent.runtime import Role
from bot.github.markdown import code
from bot.github.marker import Markers
from bot.github.texts import checks, mend, visit
from bot.github.texts.money import spent
from bot.github.texts.status import Status, headline
from bot.pipeline import reports
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.findings import Severity
from bot.pipeline.remarks import Looked, Remark, Said
from bot.pipeline.story import Story
from bot.runs import (
    Budget,
    Button,
    CheckRun,
    Json,
    LineComment,
    PostReview,
    Run,
    RunStatus,
    StageKind,
)

FINDING = "finding"
"""Purpose of the marker by which a finding of ours is known again."""
MOST_CHARACTERS = 45_000
"""Of a summary; marks of what it lists come on top of that."""
AGAIN = Button(label="Again", description="Look once more at what is there", identifier="retry")
MENDING = "mend"
_Conclusion = Literal["success", "neutral", "cancelled", "action_required"]


def looked(story: Story) -> Looked:
    last = story.last_of(StageKind.REVIEW)
    looked = last.result["data"]["looked"] if last else {"commit": ""}
    return Looked.model_validate(looked, extra="ignore")


def said(story: Story) -> Said | None:
    """What the newest review said; None: it is not that far."""
    last = story.last_of(StageKind.PUBLISH)
    data = last.result.get("data", {}) if last else {}
    return Said.model_validate(data["said"], extra="ignore") if "said" in data else None


def review(story: Story, markers: Markers, *, moved_to: str | None, at_lines: bool) -> PostReview:
    """The one review; ``at_lines`` False: GitHub takes no remark at a line of it."""
    run, found = story.run, said(story) or Said()
    if not at_lines:
        found = found.model_copy(update={"at_lines": (), "listed": found.new})
    summary, found = _fitting(story, found, moved_to)
    marks = "".join(f"\n{mark(run, each, markers)}" for each in found.listed)
    return PostReview(
        pull_request=run.issue,
        sha=looked(story).commit,
        purpose=f"review-{len(story.tries(_name(story)))}",
        body=f"{summary}{marks}",
        comments=tuple(_comment(run, each, markers) for each in found.at_lines),
    )


def _fitting(story: Story, found: Said, moved_to: str | None) -> tuple[str, Said]:
    """The summary with as many of its findings as a comment holds: cut through, it would lose the
    marks by which they are known again.
    """
    while True:
        told = _told(story, found).model_copy(update={"moved_to": moved_to})
        summary = visit.summary(told)
        if len(summary) <= MOST_CHARACTERS or not found.listed:
            return summary, found
        fewer = {"listed": found.listed[:-1], "unsaid": found.unsaid + 1}
        found = found.model_copy(update=fewer)


def check_run(story: Story, sha: str) -> CheckRun:
    """Where the run stands, at a head; it never reddens what is not ours."""
    run = story.run
    fixing = run.pipeline == MENDING
    ended = run.status.ended
    title, summary = _words(story)
    return CheckRun(
        name=visit.FIX if fixing else visit.REVIEW,
        sha=sha,
        external_id=f"{run.id}/run-0/{sha}",
        status="completed" if ended else "in_progress",
        conclusion=_conclusion(story) if ended else None,
        title=title,
        summary=summary,
        buttons=_buttons(story),
        progress=not ended and bool(story.stages),
    )


def let_go(story: Story, sha: str) -> CheckRun:
    """The last word on a head that was looked at before somebody gave it other commits or another
    base.
    """
    told: dict[str, Json] = {
        "status": "completed",
        "conclusion": "cancelled",
        "title": "It is another one now",
        "summary": "Its commits or its base changed meanwhile; read anew as it is now.",
        "buttons": (),
        "progress": False,
    }
    return check_run(story, sha).model_copy(update=told)


def _conclusion(story: Story) -> _Conclusion:
    match story.run.status:
        case RunStatus.DONE:
            return "neutral" if _leaves_open(story) else "success"
        case RunStatus.BLOCKED:
            return "action_required"
        case RunStatus.CANCELLED:
            return "cancelled"
        case _:
            return "neutral"


def _leaves_open(story: Story) -> bool:
    found = said(story)
    return found is not None and bool(found.new or found.before)


def _buttons(story: Story) -> tuple[Button, ...]:
    if not story.run.status.ended:
        return (checks.STOP,)
    if story.run.status is RunStatus.DONE:
        return () if story.run.pipeline == MENDING else (AGAIN,)
    return (checks.RETRY,)


def _words(story: Story) -> tuple[str, str]:
    run, found = story.run, said(story)
    facts: Status = reports.facts(story)
    if not run.status.ended and run.work.waits_for is not None and not story.stages:
        return "Waiting", f"Waiting: {run.work.waits_for}."
    if not run.status.ended:
        money = spent(story.spent, story.budget)
        return visit.working(run), f"{visit.working(run)}.{f' {money}.' if money else ''}"
    if run.status is not RunStatus.DONE:
        text = checks.coppice_check(facts)
        return text.title, headline(facts)
    if found is None or run.pipeline == MENDING:
        words = mend.what_was_mended(run)
        return words.replace("`", ""), words
    told = _told(story, found)
    return visit.headline(told), visit.summary(told)


def _told(story: Story, found: Said) -> visit.Reviewed:
    seen, config = looked(story), story.config or RepositoryConfig()
    new = [each.finding.severity for each in found.new]
    snapshot = story.last_of(StageKind.SNAPSHOT)
    return visit.Reviewed(
        run=story.run,
        at_lines=len(found.at_lines),
        listed=tuple(_point(each) for each in found.listed),
        counts=tuple((severity.value, new.count(severity)) for severity in Severity),
        unsaid=found.unsaid,
        below=found.below,
        threshold=config.review.threshold.value,
        before=found.before,
        files=seen.files,
        left_out=seen.left_out,
        removed=int(snapshot.result["data"].get("removed", 0)) if snapshot else 0,
        by=_by(story),
    )


def _by(story: Story) -> str:
    """Who looked, by which models, for how much."""
    reader = story.player(Role.REVIEW)
    label = f" ({reader.label})" if reader.label else ""
    models = sorted({model for _, model, _ in story.spend})
    by = f"{code(reader.agent)}{label}"
    if models:
        by += f" with {', '.join(code(model) for model in models)}"
    money = spent(story.spent, Budget())
    return f"{by}, {money}" if money else by


def _point(remark: Remark) -> visit.Point:
    finding = remark.finding
    place = finding.file or ""
    return visit.Point(
        severity=finding.severity.value,
        title=finding.title,
        reason=finding.reason,
        place=f"{place}:{finding.line}" if place and finding.line else place,
        suggestion=finding.suggestion,
    )


def _comment(run: Run, remark: Remark, markers: Markers) -> LineComment:
    finding = remark.finding
    return LineComment(
        path=finding.file or "",
        line=finding.line or 1,
        start_line=finding.first_line,
        side=finding.side,
        body=f"{visit.remark(_point(remark))}\n{mark(run, remark, markers)}",
    )


def mark(run: Run, remark: Remark, markers: Markers) -> str:
    """The marker by which a finding is known again, on this pull request and no other."""
    return markers.make(FINDING, f"{_place(run)}{remark.known_by.text}")


def known(run: Run, bodies: Iterable[str], markers: Markers) -> list[str]:
    """What of findings (``Print.text``) was said before in texts of ours on this pull request."""
    place = _place(run)
    named = (about for body in bodies for about in markers.named(body, FINDING))
    return [about.removeprefix(place) for about in named if about.startswith(place)]


def _place(run: Run) -> str:
    return f"{run.repository.id}/{run.issue}/"


def _name(story: Story) -> str:
    last = story.last_of(StageKind.REVIEW)
    return last.name if last else StageKind.REVIEW.value
