"""What is told of a run: its story as effects. Pure; the words are in `bot/github/texts`."""

from collections.abc import Iterable
from dataclasses import replace

from bot.agent.runtime import Role
from bot.github.texts import checks, pull_request, status
from bot.github.texts.gist import SHOWN, Gist
from bot.pipeline import closing, template
from bot.pipeline.closing import Closing
from bot.pipeline.customs import Customs
from bot.pipeline.findings import Finding, Severity
from bot.pipeline.story import Story, child, commands, is_refusal
from bot.runs import (
    CheckRun,
    CommandResult,
    Comment,
    Conclusion,
    PullRequest,
    RunStatus,
    StageKind,
    StageRecord,
    StageStatus,
)

STATUS = "status"
_JUDGED = (StageKind.IMPLEMENT, StageKind.VERIFY, StageKind.RULES)
NOTHING = Customs()
_CONCLUSIONS: dict[RunStatus, Conclusion] = {
    RunStatus.WAITING: "action_required",
    RunStatus.DONE: "success",
    RunStatus.FAILED: "failure",
    RunStatus.BLOCKED: "action_required",
    RunStatus.CANCELLED: "cancelled",
}
_VERDICTS: dict[StageStatus, Conclusion] = {
    StageStatus.PASSED: "success",
    StageStatus.NEUTRAL: "neutral",
    StageStatus.FAILED: "failure",
    StageStatus.SKIPPED: "skipped",
    StageStatus.CANCELLED: "cancelled",
}


def status_comment(story: Story) -> Comment:
    """The one comment; edits of a run under way may be left out when they come too fast."""
    return Comment(
        issue=story.run.issue,
        purpose=STATUS,
        body=status.status_comment(facts(story)),
        progress=_under_way(story),
    )


def coppice_check_run(story: Story, sha: str) -> CheckRun:
    """The check run `Coppice` on the start commit, or on the head of the pull request."""
    run = story.run
    text = checks.coppice_check(facts(story), gist(story))
    return CheckRun(
        name=checks.COPPICE,
        sha=sha,
        external_id=f"{run.id}/run-0/{sha}",
        status="completed" if run.status in _CONCLUSIONS else "in_progress",
        conclusion=_conclusion(story),
        title=text.title,
        summary=text.summary,
        text=text.text,
        buttons=checks.buttons(run),
        progress=_under_way(story),
    )


def _conclusion(story: Story) -> Conclusion | None:
    """A pull request that is there is no success while its head is red."""
    run, verify = story.run, story.last_of(StageKind.VERIFY)
    if run.status is RunStatus.DONE and _red_head(story):
        return "neutral"
    expired = run.status is RunStatus.CANCELLED and run.error and run.error.kind == "expired"
    slow = run.status is RunStatus.FAILED and verify is not None and _timed_out(verify)
    return "timed_out" if expired or slow else _CONCLUSIONS.get(run.status)


def _timed_out(verify: StageRecord) -> bool:
    """Did nothing but time keep its commands from passing?"""
    red = [result for result in commands(verify) if not result.passed]
    return bool(red) and all(result.timed_out for result in red)


def verify_check_run(story: Story) -> CheckRun:
    """The verdict of the repository's own commands on what was pushed."""
    last = story.on_head(StageKind.VERIFY)
    results = commands(last) if last else []
    text = checks.verify_check(story.run, results, story.baseline)
    return _verdict(story, checks.VERIFY, "verify", text, last)


def rules_check_run(story: Story) -> CheckRun:
    """The verdict of the rules on what was pushed."""
    last = story.on_head(StageKind.RULES)
    found = [(v[0], v[1], v[2]) for v in last.result["data"].get("violations", ())] if last else []
    files = int(last.result["data"].get("files", 0)) if last else 0
    return _verdict(story, checks.RULES, "rules", checks.rules_check(found, files), last)


def review_check_run(story: Story) -> CheckRun | None:
    """What the review said of what was pushed; None: nobody reviewed it. It never fails."""
    last = story.on_head(StageKind.REVIEW)
    if last is None or last.result["data"].get("not_reviewed"):
        return None
    found = [(f.severity.value, _place(f), f"{f.title} {f.reason}") for f in story.findings]
    text = checks.review_check(found, story.player(Role.REVIEW))
    shown = last.model_copy(update={"status": StageStatus.NEUTRAL}) if found else last
    return _verdict(story, checks.REVIEW, "review", text, shown)


def pull_request_effect(story: Story, customs: Customs = NOTHING) -> PullRequest:
    """The draft pull request, its body describing the whole difference."""
    run = story.run
    verify = story.on_head(StageKind.VERIFY)
    failures = _failed_attempts(story, story.stages)
    told = _closing(story)
    evidence = pull_request.Evidence(
        run=run,
        asks_ci=story.asks_ci,
        summary=_sentences(story),
        read_first=(told.place, told.why) if told and told.place else None,
        left=_left(story),
        good=all(found.severity is not Severity.MUST for found in story.findings),
        base=tuple(story.baseline),
        head=tuple(commands(verify)) if verify else (),
        failed_attempts=failures,
        attempts=len(failures) + 1,
        agent_label=story.agent_label,
        other_agents=story.others,
        spend=tuple(story.spend),
        findings=tuple(f"{_place(f)}: {f.title}".strip(": ") for f in story.findings),
        box=story.box,
    )
    closes = f"{pull_request.closing(evidence)} #{run.issue}"
    around = template.fill(customs.template, closes, tested=bool(evidence.head))
    return PullRequest(
        head=run.work.branch or "",
        base=run.work.base_ref or "",
        title=pull_request.pull_request_title(run),
        replaces=run.work.titles,
        body=pull_request.pull_request_body(evidence),
        above=around.above,
        below=around.below,
        draft=True,
    )


def _sentences(story: Story) -> str | None:
    """What the whole change is about, not what the last round did: as planned, else as the agent
    said when it was first delivered.
    """
    if story.plan is not None:
        plan = story.plan.plan
        return "\n\n".join(part for part in (plan.summary, plan.decision) if part)
    first = next((n for n, s in enumerate(story.stages) if s.name == story.publishing), None)
    told = _closing(replace(story, stages=story.stages[:first]))
    return told.summary if told else None


def _closing(story: Story) -> Closing | None:
    """The newest words of that form from an attempt whose work counts."""
    for stage in reversed(story.stages):
        if story.kind(stage) is StageKind.IMPLEMENT and stage.status is StageStatus.PASSED:
            rows = stage.result.get("data", {}).get("changed", ())
            message = str(stage.result.get("summary", ""))
            return closing.read(message, {str(row[0]) for row in rows})
    return None


def _left(story: Story) -> tuple[str, ...]:
    """What of the issue is not done: the plan leaves it, or a verdict on the head is against it."""
    planned = story.plan.plan.leaves if story.plan is not None else ()
    return (*planned, *(f"`{result.name}` fails on it" for result in _red_head(story)))


def _red_head(story: Story) -> tuple[CommandResult, ...]:
    """What fails on the head of the open pull request, whoever made it."""
    verify = story.on_head(StageKind.VERIFY) if story.run.pull_request else None
    return tuple(result for result in commands(verify) if not result.passed) if verify else ()


def facts(story: Story) -> status.Status:
    """A run as its status comment tells of it."""
    run, now = story.run, story.now
    implement, verify = story.last_of(StageKind.IMPLEMENT), story.last_of(StageKind.VERIFY)
    return status.Status(
        run=run,
        asks_ci=story.asks_ci,
        agent_label=story.agent_label,
        other_agents=story.others,
        stage=now.name if now else None,
        attempt=implement.attempt if implement else 0,
        attempts=story.config.limits.attempts if story.config else 0,
        since=now.started_at if now else None,
        failed_attempts=_failed_attempts(story, _newest_work(story)),
        last=tuple(commands(verify)) if verify else (),
        red_head=_red_head(story),
        red_base=tuple(result for result in story.baseline if not result.passed),
        given=_given(story),
        draft=run.work.pull_request_note is None and not run.work.ready,
        note=run.work.pull_request_note,
        spend=story.spent,
        budget=story.budget,
        again=story.again,
        used=story.used,
        check_url=run.work.check_run_url,
        has_patch=run.work.checkpoint is not None,
    )


def gist(story: Story) -> Gist:
    """What of the timeline people see at once."""
    work = story.last_of(StageKind.IMPLEMENT)
    data = work.result.get("data", {}) if work else {}
    tools = [event for event in story.events if event.type == "tool_finished"]
    refused = [event for event in story.events if is_refusal(event)]
    return Gist(
        tools=tuple(tools[-SHOWN:]),
        refused=tuple(refused[-SHOWN:]),
        files=tuple((path, added, removed) for path, added, removed in data.get("changed", ())),
        more_files=int(data.get("more", 0)),
    )


def _verdict(
    story: Story, name: str, stage: str, text: checks.CheckText, last: StageRecord | None
) -> CheckRun:
    sha = story.run.work.pushed or ""
    return CheckRun(
        name=name,
        sha=sha,
        external_id=f"{story.run.id}/{stage}-{last.attempt if last else 0}/{sha}",
        status="completed",
        conclusion=_judged(last),
        title=text.title,
        summary=text.summary,
        text=text.text,
    )


def _judged(last: StageRecord | None) -> Conclusion:
    """What a verdict comes to; where its stage was left out altogether, none was given."""
    if last is None:
        return "skipped"
    slow = last.status is StageStatus.FAILED and _timed_out(last)
    return "timed_out" if slow else _VERDICTS.get(last.status, "failure")


def _place(finding: Finding) -> str:
    if finding.file is None:
        return ""
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _newest_work(story: Story) -> list[StageRecord]:
    """The tries of the newest round or retry; of one in which nobody wrote there was none."""
    judged = [stage for stage in story.stages if story.kind(stage) in _JUDGED]
    newest = [stage for stage in judged if child(stage) == child(judged[-1])]
    wrote = any(story.kind(stage) is StageKind.IMPLEMENT for stage in newest)
    return newest if wrote or not story.run.status.ended else []


def _failed_attempts(story: Story, stages: Iterable[StageRecord]) -> tuple[str, ...]:
    """Why each attempt failed, in order: by its commands, else by the stage's own word."""
    return tuple(
        status.attempt_failed(commands(stage), _why(stage))
        for stage in stages
        if stage.status is StageStatus.FAILED and story.kind(stage) in _JUDGED
    )


def _why(stage: StageRecord) -> str:
    """The stage's word for people; what it told the agent to do about it is not for them."""
    return stage.error.message if stage.error else str(stage.result.get("summary", ""))


def _given(story: Story) -> status.Given | None:
    snapshot = story.last_of(StageKind.SNAPSHOT)
    data = snapshot.result.get("data", {}) if snapshot else {}
    if "hash" not in data:
        return None
    return status.Given(
        at=story.run.trigger.at,
        authors=tuple(data["authors"]),
        left_out=data["left_out"],
        changed_later=len(data["changed_later"]),
        removed=data["removed"],
        hidden=tuple(status.Hidden(*piece) for piece in data.get("hidden", ())),
        text=data.get("text"),
    )


def _under_way(story: Story) -> bool:
    under_way = story.run.status not in _CONCLUSIONS
    return under_way and bool(story.stages)
