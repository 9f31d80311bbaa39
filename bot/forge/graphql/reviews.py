"""What GraphQL says of reviews, their threads and comments."""

from typing import Any

from bot.forge.graphql.ask import Ask, Failed, Fields, Resolvers, commit, global_id
from bot.forge.graphql.connections import connect
from bot.forge.graphql.conversations import HIDDEN, WRITTEN
from bot.forge.records import Json, Review, ReviewComment, ReviewThread, Role
from bot.forge.shapes import pulls, repositories


def _page(it: Review | ReviewComment | ReviewThread, ask: Ask) -> str:
    return repositories.page(ask.state, it.pull.issue.repository)


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


RESOLVERS: Resolvers = {
    "PullRequestReview": REVIEW,
    "PullRequestReviewComment": LINE_COMMENT,
    "PullRequestReviewThread": THREAD,
}
