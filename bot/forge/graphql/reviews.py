"""What GraphQL says of pull requests, reviews and their threads."""

from typing import Any

from bot.forge import mergeability, tell
from bot.forge.graphql.ask import Ask, Failed, Fields, Resolvers, commit, global_id
from bot.forge.graphql.connections import connect
from bot.forge.graphql.conversations import HIDDEN, ISSUE, WRITTEN
from bot.forge.records import (
    Json,
    PullRequest,
    Review,
    ReviewComment,
    ReviewThread,
    Role,
    TimelineEvent,
)
from bot.forge.references import closing
from bot.forge.shapes import issues, pulls, repositories

# --- pull requests ----------------------------------------------------------------------------


async def mergeable(it: PullRequest, ask: Ask) -> str:
    """`UNKNOWN` at the first look, as with REST."""
    mergeability.forget(it)
    known = mergeability.known(it)
    await mergeability.compute(it)
    return "UNKNOWN" if known is None else "MERGEABLE" if known else "CONFLICTING"


def decision(it: PullRequest, ask: Ask) -> str | None:
    """Null where the branch asks for no reviews."""
    protections = it.issue.repository.protections
    protection = protections.get(it.base_ref) or protections.get("*")
    if protection is None or not protection.pushes:
        return None
    latest = {r.user: r.state for r in it.reviews if r.state in ("APPROVED", "CHANGES_REQUESTED")}
    if "CHANGES_REQUESTED" in latest.values():
        return "CHANGES_REQUESTED"
    return "APPROVED" if "APPROVED" in latest.values() else "REVIEW_REQUIRED"


def state(it: PullRequest, ask: Ask) -> str:
    return "MERGED" if it.merged else it.issue.state.upper()


def _size(key: str) -> Any:
    async def read(it: PullRequest, ask: Ask) -> int:
        return int((await tell.full_pull(ask.house, it))[key])

    return read


def review_list(
    it: PullRequest,
    ask: Ask,
    states: list[str] | None = None,
    author: str | None = None,
    **bounds: Any,
) -> Json:
    found = [
        review
        for review in ask.shown(it.reviews)
        if (states is None or review.state in states)
        and (author is None or (review.user is not None and review.user.login == author))
    ]
    return connect(found, "reviews", **bounds)


def thread_list(it: PullRequest, ask: Ask, **bounds: Any) -> Json:
    found = [thread for thread in it.threads if ask.shown(thread.comments)]
    return connect(found, "reviewThreads", **bounds)


def closing_list(it: PullRequest, ask: Ask, **bounds: Any) -> Json:
    return connect(closing(ask.state, it), "closingIssuesReferences", **bounds)


OFFERED = {
    "CROSS_REFERENCED_EVENT",
    "ISSUE_COMMENT",
    "PULL_REQUEST_REVIEW",
    "PULL_REQUEST_REVIEW_THREAD",
}


def timeline(it: PullRequest, ask: Ask, itemTypes: list[str] | None = None, **bounds: Any) -> Json:
    if itemTypes is None or not set(itemTypes) <= OFFERED:
        raise Failed("UNPROCESSABLE", f"The forge lists only itemTypes {sorted(OFFERED)}.")
    of: dict[str, list[Any]] = {
        "CROSS_REFERENCED_EVENT": [e for e in it.issue.events if e.source],
        "ISSUE_COMMENT": list(it.issue.comments),
        "PULL_REQUEST_REVIEW": list(ask.shown(it.reviews)),
        "PULL_REQUEST_REVIEW_THREAD": [t for t in it.threads if ask.shown(t.comments)],
    }
    found: list[Any] = [item for kind in OFFERED & set(itemTypes) for item in of[kind]]
    return connect(sorted(found, key=lambda item: item.id), "timelineItems", **bounds)


def _of_issue(name: str) -> Any:
    return lambda it, ask, **arguments: ISSUE[name](it.issue, ask, **arguments)


PULL: Fields = {
    **{name: _of_issue(name) for name in ISSUE if name != "stateReason"},
    "id": lambda it, ask: global_id(it),
    "databaseId": lambda it, ask: it.id,
    "fullDatabaseId": lambda it, ask: str(it.id),
    "state": state,
    "merged": lambda it, ask: it.merged,
    "mergedAt": lambda it, ask: it.merged_at,
    "isDraft": lambda it, ask: it.draft,
    "isCrossRepository": lambda it, ask: it.from_fork,
    "headRepository": lambda it, ask: it.head_repository,
    "headRefName": lambda it, ask: it.head_ref,
    "headRefOid": lambda it, ask: it.head_sha,
    "baseRefName": lambda it, ask: it.base_ref,
    "baseRefOid": lambda it, ask: it.base_sha,
    "mergeable": mergeable,
    "mergeStateStatus": lambda it, ask: mergeability.state_of(it).upper(),
    "maintainerCanModify": lambda it, ask: it.maintainer_can_modify,
    "additions": _size("additions"),
    "deletions": _size("deletions"),
    "changedFiles": _size("changed_files"),
    "reviewDecision": decision,
    "reviews": review_list,
    "reviewThreads": thread_list,
    "closingIssuesReferences": closing_list,
    "timelineItems": timeline,
}


def will_close(it: TimelineEvent, ask: Ask, target: Any) -> bool:
    pull = it.source.pull if it.source else None
    return bool(pull and target in closing(ask.state, pull))


def _page(it: Review | ReviewComment | ReviewThread, ask: Ask) -> str:
    return repositories.page(ask.state, it.pull.issue.repository)


# --- reviews ----------------------------------------------------------------------------------


def _commit_of(it: Review | ReviewComment, ask: Ask, sha: str) -> Json:
    return commit(it.pull.issue.repository, sha, _page(it, ask))


def comments_of(it: Review | ReviewThread, ask: Ask, **bounds: Any) -> Json:
    return connect(ask.shown(it.comments), "comments", **bounds)


def _association(it: Review | ReviewComment, ask: Ask) -> str:
    return repositories.association(ask.state, it.pull.issue.repository, it.user)


OF_PULL: Fields = {
    "pullRequest": lambda it, ask: it.pull,
    "repository": lambda it, ask: it.pull.issue.repository,
}
REVIEW: Fields = {
    **WRITTEN,
    **HIDDEN,
    **OF_PULL,
    "authorAssociation": _association,
    "updatedAt": lambda it, ask: it.submitted_at or it.created_at,
    "url": lambda it, ask: pulls.review(ask.state, it)["html_url"],
    "state": lambda it, ask: it.state,
    "submittedAt": lambda it, ask: it.submitted_at,
    "commit": lambda it, ask: _commit_of(it, ask, it.commit_id),
    "comments": comments_of,
}


def reply_to(it: ReviewComment, ask: Ask) -> ReviewComment | None:
    found = (one for one in it.thread.comments if one.id == it.in_reply_to)
    return next(found, None)


OF_PLACE: Fields = {
    "path": lambda it, ask: it.path,
    "line": lambda it, ask: it.spot and it.spot.line,
    "startLine": lambda it, ask: it.spot and it.spot.start_line,
    "originalLine": lambda it, ask: it.first and it.first.line,
    "originalStartLine": lambda it, ask: it.first and it.first.start_line,
    "subjectType": lambda it, ask: "FILE" if it.of_file else "LINE",
}


def _of_thread(name: str) -> Any:
    return lambda it, ask: OF_PLACE[name](it.thread, ask)


LINE_COMMENT: Fields = {
    **WRITTEN,
    **HIDDEN,
    **OF_PULL,
    **{name: _of_thread(name) for name in OF_PLACE},
    "authorAssociation": _association,
    "updatedAt": lambda it, ask: it.updated_at,
    "url": lambda it, ask: pulls.comment(ask.state, it)["html_url"],
    "state": lambda it, ask: "PENDING" if it.review.state == "PENDING" else "SUBMITTED",
    "diffHunk": lambda it, ask: it.thread.diff_hunk,
    "position": lambda it, ask: it.thread.spot and it.thread.spot.position,
    "originalPosition": lambda it, ask: it.thread.first.position if it.thread.first else 1,
    "outdated": lambda it, ask: it.thread.outdated,
    "commit": lambda it, ask: _commit_of(it, ask, pulls.comment(ask.state, it)["commit_id"]),
    "originalCommit": lambda it, ask: _commit_of(it, ask, it.thread.commit_id),
    "replyTo": reply_to,
    "pullRequestReview": lambda it, ask: it.review,
}


def may_resolve(it: ReviewThread, ask: Ask) -> bool:
    """Who writes, and who opened the pull request; an App needs `contents: write` for it.

    `pull_requests: write` is not enough: github/gh-aw#35726, community discussion 44650.
    """
    own = not ask.actor.installation and it.pull.issue.user is ask.actor.user
    try:
        repository = it.pull.issue.repository
        ask.require(repository, "contents:write", Role.READ if own else Role.WRITE)
    except Failed:
        return False
    return ask.actor.user is not None


THREAD: Fields = {
    **OF_PULL,
    **OF_PLACE,
    "id": lambda it, ask: global_id(it),
    "diffSide": lambda it, ask: it.side,
    "startDiffSide": lambda it, ask: it.start_side,
    "isResolved": lambda it, ask: it.resolved_by is not None,
    "isOutdated": lambda it, ask: it.outdated,
    "isCollapsed": lambda it, ask: it.outdated or it.resolved_by is not None,
    "resolvedBy": lambda it, ask: it.resolved_by,
    "comments": comments_of,
    "viewerCanReply": lambda it, ask: ask.actor.user is not None and not it.pull.issue.locked,
    "viewerCanResolve": lambda it, ask: it.resolved_by is None and may_resolve(it, ask),
    "viewerCanUnresolve": lambda it, ask: it.resolved_by is not None and may_resolve(it, ask),
}


# --- cross references -------------------------------------------------------------------------


def _subject(it: Any) -> Any:
    return it.pull or it


def target_of(it: TimelineEvent, ask: Ask) -> Any:
    """The issue or pull request in whose timeline the reference stands."""
    for repository in ask.state.repositories.values():
        for issue in repository.issues.values():
            if it in issue.events:
                return issue
    raise Failed("NOT_FOUND", "The issue is gone.")


REFERENCE: Fields = {
    "id": lambda it, ask: global_id(it),
    "actor": lambda it, ask: it.actor,
    "createdAt": lambda it, ask: it.created_at,
    "referencedAt": lambda it, ask: it.created_at,
    "isCrossRepository": lambda it, ask: it.source.repository is not target_of(it, ask).repository,
    "source": lambda it, ask: _subject(it.source),
    "target": lambda it, ask: _subject(target_of(it, ask)),
    "url": lambda it, ask: issues.page(ask.state, it.source),
    "willCloseTarget": lambda it, ask: will_close(it, ask, target_of(it, ask)),
}
RESOLVERS: Resolvers = {
    "PullRequest": PULL,
    "PullRequestReview": REVIEW,
    "PullRequestReviewComment": LINE_COMMENT,
    "PullRequestReviewThread": THREAD,
    "CrossReferencedEvent": REFERENCE,
}
