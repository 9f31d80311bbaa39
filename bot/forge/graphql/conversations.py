"""What GraphQL says of accounts, repositories, issues and comments."""

from typing import Any

from bot.forge.graphql.ask import Ask, Failed, Fields, Resolvers, global_id
from bot.forge.graphql.connections import connect
from bot.forge.records import (
    Comment,
    Issue,
    Json,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    Role,
    User,
)
from bot.forge.shapes import issues, people, repositories

# --- accounts ---------------------------------------------------------------------------------


def login(it: User, ask: Ask) -> str:
    """A bot's login has no `[bot]` here."""
    return it.login.removesuffix("[bot]") if it.type == "Bot" else it.login


ACCOUNT: Fields = {
    "id": lambda it, ask: global_id(it),
    "databaseId": lambda it, ask: it.id,
    "login": login,
    "name": lambda it, ask: it.name,
    "url": lambda it, ask: people.user(ask.state, it)["html_url"],
    "avatarUrl": lambda it, ask, size=None: people.user(ask.state, it)["avatar_url"],
}


# --- what is written --------------------------------------------------------------------------

Written = Issue | Comment | Review | ReviewComment


def author(it: Written, ask: Ask) -> User | None:
    return it.user


WRITTEN: Fields = {
    "id": lambda it, ask: global_id(it),
    "databaseId": lambda it, ask: it.id,
    "fullDatabaseId": lambda it, ask: str(it.id),
    "author": author,
    "body": lambda it, ask: it.body or "",
    "createdAt": lambda it, ask: it.created_at,
    "viewerDidAuthor": lambda it, ask: it.user is ask.actor.user,
}
HIDDEN: Fields = {
    "isMinimized": lambda it, ask: it.minimized is not None,
    "minimizedReason": lambda it, ask: it.minimized,
    "viewerCanMinimize": lambda it, ask: may_hide(ask, it),
}


def may_hide(ask: Ask, it: Comment | Review | ReviewComment) -> bool:
    """Whether the caller may hide a comment: who writes to the repository, and its author."""
    repository = it.issue.repository if isinstance(it, Comment) else it.pull.issue.repository
    needs = "pull_requests:write" if not isinstance(it, Comment) or it.issue.pull else ""
    needs += "" if not isinstance(it, Comment) else " issues:write"
    try:
        ask.require(repository, needs, Role.READ if it.user is ask.actor.user else Role.WRITE)
    except Failed:
        return False
    return ask.actor.user is not None


def _constant(word: str | None) -> str | None:
    """`too heated` as GraphQL writes it: `TOO_HEATED`."""
    return word.upper().replace(" ", "_").replace("-", "_") if word else None


def label_list(it: Issue, ask: Ask, **bounds: Any) -> Json:
    return connect(it.labels, "labels", **bounds)


def comment_list(it: Issue, ask: Ask, **bounds: Any) -> Json:
    return connect(it.comments, "comments", **bounds)


ISSUE: Fields = {
    **WRITTEN,
    "authorAssociation": lambda it, ask: repositories.association(
        ask.state, it.repository, it.user
    ),
    "updatedAt": lambda it, ask: it.updated_at,
    "lastEditedAt": lambda it, ask: it.edited_at,
    "url": lambda it, ask: issues.page(ask.state, it),
    "number": lambda it, ask: it.number,
    "title": lambda it, ask: it.title,
    "state": lambda it, ask: it.state.upper(),
    "stateReason": lambda it, ask: _constant(it.state_reason),
    "closed": lambda it, ask: it.state == "closed",
    "closedAt": lambda it, ask: it.closed_at,
    "locked": lambda it, ask: it.locked,
    "activeLockReason": lambda it, ask: _constant(it.lock_reason),
    "repository": lambda it, ask: it.repository,
    "labels": label_list,
    "comments": comment_list,
}


def _pull_of(it: Comment, ask: Ask) -> PullRequest | None:
    return it.issue.pull


COMMENT: Fields = {
    **WRITTEN,
    **HIDDEN,
    "authorAssociation": lambda it, ask: repositories.association(
        ask.state, it.issue.repository, it.user
    ),
    "updatedAt": lambda it, ask: it.updated_at,
    "url": lambda it, ask: issues.comment(ask.state, it)["html_url"],
    "issue": lambda it, ask: it.issue,
    "pullRequest": _pull_of,
    "repository": lambda it, ask: it.issue.repository,
}


# --- repositories -----------------------------------------------------------------------------


EITHER = "an issue or pull request"


def _numbered(it: Repository, ask: Ask, number: int, kind: str) -> Issue:
    found = it.issues.get(number)
    fits = found and kind in (EITHER, "a PullRequest" if found.pull else "an Issue")
    if found is None or not fits:
        raise Failed("NOT_FOUND", f"Could not resolve to {kind} with the number of {number}.")
    ask.require(it, "pull_requests:read" if found.pull else "issues:read")
    return found


def issue(it: Repository, ask: Ask, number: int) -> Issue:
    return _numbered(it, ask, number, "an Issue")


def pull_request(it: Repository, ask: Ask, number: int) -> PullRequest | None:
    return _numbered(it, ask, number, "a PullRequest").pull


def either(it: Repository, ask: Ask, number: int) -> Issue | PullRequest:
    found = _numbered(it, ask, number, EITHER)
    return found.pull or found


def permission(it: Repository, ask: Ask) -> str | None:
    if ask.actor.installation or ask.actor.user is None:
        return None
    role = ask.state.role(it, ask.actor.user)
    return None if role is Role.NONE else role.value.upper()


REPOSITORY: Fields = {
    "id": lambda it, ask: global_id(it),
    "databaseId": lambda it, ask: it.id,
    "name": lambda it, ask: it.name,
    "nameWithOwner": lambda it, ask: it.full_name,
    "owner": lambda it, ask: it.owner,
    "url": lambda it, ask: repositories.page(ask.state, it),
    "isPrivate": lambda it, ask: it.private,
    "isArchived": lambda it, ask: it.archived,
    "isFork": lambda it, ask: it.parent is not None,
    "issue": issue,
    "pullRequest": pull_request,
    "issueOrPullRequest": either,
    "viewerPermission": permission,
}
LABEL: Fields = {
    "id": lambda it, ask: global_id(it),
    "name": lambda it, ask: it.name,
    "color": lambda it, ask: it.color,
    "description": lambda it, ask: it.description,
}
RESOLVERS: Resolvers = {
    "Bot": ACCOUNT,
    "User": ACCOUNT,
    "Organization": ACCOUNT,
    "Repository": REPOSITORY,
    "Issue": ISSUE,
    "IssueComment": COMMENT,
    "Label": LABEL,
}
