"""Issues, comments and what happened to them."""

from bot.forge.records import Comment, Issue, Json
from bot.forge.shapes import people, repositories
from bot.forge.state import State, node_id


def url(state: State, it: Issue) -> str:
    return f"{repositories.url(state, it.repository)}/issues/{it.number}"


def page(state: State, it: Issue) -> str:
    kind = "pull" if it.pull else "issues"
    return f"{repositories.page(state, it.repository)}/{kind}/{it.number}"


def conversation(state: State, it: Issue) -> Json:
    """What the forms of an issue and of a pull request have in common."""
    repository = repositories.url(state, it.repository)
    assignees = [people.user(state, who) for who in it.assignees]
    return {
        "number": it.number,
        "state": it.state,
        "locked": it.locked,
        "title": it.title,
        "body": it.body,
        "labels": [people.label(state, repository, label) for label in it.labels],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
        "closed_at": it.closed_at,
        "author_association": repositories.association(state, it.repository, it.user),
        "active_lock_reason": it.lock_reason,
    }


def issue(state: State, it: Issue) -> Json:
    own = url(state, it)
    shape = {
        "url": own,
        "repository_url": repositories.url(state, it.repository),
        "labels_url": f"{own}/labels{{/name}}",
        "comments_url": f"{own}/comments",
        "events_url": f"{own}/events",
        "html_url": page(state, it),
        "id": it.id,
        "node_id": node_id("PullRequest", it.pull.id) if it.pull else node_id("Issue", it.id),
        **conversation(state, it),
        "user": people.maybe(state, it.user),
        "comments": len(it.comments),
        "reactions": people.reactions(own, it.reactions),
        "timeline_url": f"{own}/timeline",
        "performed_via_github_app": people.maybe_app(state, it.app),
        "state_reason": it.state_reason,
    }
    if it.pull:
        shape["draft"] = it.pull.draft
        shape["pull_request"] = pull_links(state, it)
    else:
        shape["sub_issues_summary"] = {"total": 0, "completed": 0, "percent_completed": 0}
        shape["issue_dependencies_summary"] = dict.fromkeys(
            ("blocked_by", "total_blocked_by", "blocking", "total_blocking"), 0
        )
    return shape


def pull_links(state: State, it: Issue) -> Json:
    html = page(state, it)
    return {
        "url": f"{repositories.url(state, it.repository)}/pulls/{it.number}",
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "merged_at": it.pull.merged_at if it.pull else None,
    }


def detailed(state: State, it: Issue) -> Json:
    """The answer of `GET .../issues/{issue_number}`."""
    return {**issue(state, it), "closed_by": people.maybe(state, it.closed_by)}


def comment(state: State, it: Comment) -> Json:
    repository = it.issue.repository
    own = f"{repositories.url(state, repository)}/issues/comments/{it.id}"
    return {
        "url": own,
        "html_url": f"{page(state, it.issue)}#issuecomment-{it.id}",
        "issue_url": url(state, it.issue),
        "id": it.id,
        "node_id": node_id("IssueComment", it.id),
        "user": people.maybe(state, it.user),
        "created_at": it.created_at,
        "updated_at": it.updated_at,
        "body": it.body,
        "author_association": repositories.association(state, repository, it.user),
        "reactions": people.reactions(own, it.reactions),
        "performed_via_github_app": people.maybe_app(state, it.app),
    }
