"""The lines of a timeline: comments, reviews, commits, and everything else that happened."""

from bot.forge.git import Commit
from bot.forge.records import Comment, Issue, Json, Repository, Review, TimelineEvent
from bot.forge.shapes import commits, issues, people, pulls, repositories
from bot.forge.state import State, node_id


def comment(state: State, it: Comment) -> Json:
    author = people.user(state, it.user or people.GHOST)
    return {**issues.comment(state, it), "event": "commented", "actor": author, "user": author}


def review(state: State, it: Review) -> Json:
    author = people.user(state, it.user or people.GHOST)
    return {
        **pulls.review(state, it),
        "event": "reviewed",
        "user": author,
        "state": it.state.lower(),
    }


def commit(state: State, repository: Repository, it: Commit) -> Json:
    return {**commits.git_commit(state, repository, it), "event": "committed"}


def event(state: State, it: Issue, line: TimelineEvent) -> Json:
    if line.source:
        return _cross_reference(state, line, line.source)
    repository = repositories.url(state, it.repository)
    sha = line.commit_id
    return {
        "id": line.id,
        "node_id": node_id("IssueEvent", line.id),
        "url": f"{repository}/issues/events/{line.id}",
        "actor": people.user(state, line.actor or people.GHOST),
        "event": line.event,
        "commit_id": sha,
        "commit_url": f"{repository}/commits/{sha}" if sha else None,
        "created_at": line.created_at,
        "performed_via_github_app": people.maybe_app(state, line.app),
        **_details(state, it, line),
    }


def _details(state: State, it: Issue, line: TimelineEvent) -> Json:
    """What only some kinds of events have."""
    shape: Json = {}
    actor = people.user(state, line.actor or people.GHOST)
    if line.label:
        shape["label"] = {"name": line.label.name, "color": line.label.color}
    if line.rename:
        shape["rename"] = {"from": line.rename[0], "to": line.rename[1]}
    if line.event in ("closed", "reopened"):
        shape["state_reason"] = it.state_reason
    if line.event == "locked":
        shape["lock_reason"] = line.lock_reason
    if line.dismissed:
        shape["dismissed_review"] = line.dismissed
    if line.user and "review" in line.event:
        shape |= {"review_requester": actor, "requested_reviewer": people.user(state, line.user)}
    elif line.user:
        shape |= {"assignee": people.user(state, line.user), "assigner": actor}
    return shape


def _cross_reference(state: State, line: TimelineEvent, source: Issue) -> Json:
    repository = repositories.repository(state, source.repository)
    return {
        "event": "cross-referenced",
        "actor": people.user(state, line.actor or people.GHOST),
        "created_at": line.created_at,
        "updated_at": line.created_at,
        "source": {
            "type": "issue",
            "issue": {**issues.issue(state, source), "repository": repository},
        },
    }
