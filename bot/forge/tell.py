"""Tell Apps what happened to an issue or pull request, and keep it in its timeline."""

from typing import Any

from bot.forge import mergeability
from bot.forge.actors import Actor
from bot.forge.git import ObjectMissing, compare
from bot.forge.house import House
from bot.forge.records import Issue, Json, Label, PullRequest, TimelineEvent
from bot.forge.shapes import issues, people, pulls, repositories


async def issue_changed(forge: House, actor: Actor, action: str, issue: Issue, **more: Any) -> None:
    """Send `issues.…`, or `pull_request.…` where the issue is a pull request's."""
    if issue.pull:
        await pull_changed(forge, actor, action, issue.pull, **more)
        return
    body = {"issue": issues.issue(forge.state, issue), **more}
    forge.events.emit(f"issues.{action}", issue.repository, actor.user, body)


async def pull_changed(
    forge: House, actor: Actor, action: str, pull: PullRequest, **more: Any
) -> None:
    body = {"number": pull.number, "pull_request": await full_pull(forge, pull), **more}
    forge.events.emit(f"pull_request.{action}", pull.issue.repository, actor.user, body)


async def full_pull(forge: House, pull: PullRequest) -> Json:
    """The whole form of a pull request, with the size of its diff."""
    ends = (pull.base_sha, pull.head_sha)
    if pull.size_of != ends:
        pull.size, pull.size_of = await _size(pull), ends
    mergeability.forget(pull)
    return pulls.full(forge.state, pull, pull.size)


async def _size(pull: PullRequest) -> Json:
    try:
        difference = await compare(pull.issue.repository.path, pull.base_sha, pull.head_sha)
    except ObjectMissing:
        return {"commits": 0, "additions": 0, "deletions": 0, "changed_files": 0}
    return {
        "commits": len(difference.ahead),
        "additions": sum(file.additions for file in difference.files),
        "deletions": sum(file.deletions for file in difference.files),
        "changed_files": len(difference.files),
    }


async def labels_changed(
    forge: House, actor: Actor, issue: Issue, before: list[Label], after: list[Label]
) -> None:
    """Set an issue's labels; each one that comes or goes is an event of its own."""
    issue.labels = after
    url = repositories.url(forge.state, issue.repository)
    for action, ones, others in (("labeled", after, before), ("unlabeled", before, after)):
        for label in ones:
            if label in others:
                continue
            note(forge, actor, issue, action, label=label)
            shape = people.label(forge.state, url, label)
            await issue_changed(forge, actor, action, issue, label=shape)


def note(
    forge: House,
    actor: Actor,
    issue: Issue,
    event: str,
    *,
    label: Label | None = None,
    rename: tuple[str, str] | None = None,
    **more: Any,
) -> None:
    """Put a line into the timeline; ``more`` are other fields of TimelineEvent."""
    now = forge.state.now()
    issue.updated_at = now
    issue.events.append(
        TimelineEvent(
            id=forge.state.new_id(),
            event=event,
            actor=actor.user,
            app=actor.app,
            created_at=now,
            label=label,
            rename=rename,
            **more,
        )
    )


async def close(forge: House, actor: Actor, issue: Issue, reason: str | None = None) -> None:
    """Close an issue or pull request, and say so."""
    issue.state = "closed"
    issue.closed_at = forge.state.now()
    issue.closed_by = actor.user
    issue.state_reason = None if issue.pull else reason or "completed"
    note(forge, actor, issue, "closed")
    await issue_changed(forge, actor, "closed", issue)


async def reopen(forge: House, actor: Actor, issue: Issue) -> None:
    issue.state = "open"
    issue.closed_at = issue.closed_by = None
    issue.state_reason = None if issue.pull else "reopened"
    note(forge, actor, issue, "reopened")
    await issue_changed(forge, actor, "reopened", issue)


async def set_draft(house: House, actor: Actor, pull: PullRequest, *, draft: bool) -> None:
    """Turn a pull request into a draft or mark it ready; what is so already causes no event."""
    if pull.draft is draft:
        return
    pull.draft = draft
    note(house, actor, pull.issue, "convert_to_draft" if draft else "ready_for_review")
    action = "converted_to_draft" if draft else "ready_for_review"
    await pull_changed(house, actor, action, pull)
