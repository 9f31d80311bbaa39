"""What GraphQL says of pull requests, and of what mentions them."""

from typing import Any

from bot.forge import mergeability, tell
from bot.forge.graphql.ask import Ask, Failed, Fields, Resolvers, global_id
from bot.forge.graphql.connections import connect
from bot.forge.graphql.conversations import ISSUE
from bot.forge.records import Json, PullRequest, TimelineEvent
from bot.forge.references import closing
from bot.forge.shapes import issues


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
RESOLVERS: Resolvers = {"PullRequest": PULL, "CrossReferencedEvent": REFERENCE}
