"""What a GraphQL request can change: threads, reviews, drafts, what is hidden."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bot.forge import reviewing, tell
from bot.forge.actors import require_unlocked
from bot.forge.answers import Refusal, forbidden
from bot.forge.graphql.ask import Ask, Failed, Fields, Resolvers
from bot.forge.graphql.conversations import may_hide
from bot.forge.graphql.reviews import may_resolve
from bot.forge.records import (
    Comment,
    Json,
    PullRequest,
    Review,
    ReviewComment,
    ReviewThread,
    Role,
)
from bot.forge.rest.call import check_length
from bot.forge.threads import NotInDiff, Place

WRITE = "pull_requests:write"
MUTATIONS: Fields = {}
Change = TypeVar("Change", bound=Callable[..., Awaitable[Json]])
Kind = TypeVar("Kind")


def mutation(name: str) -> Callable[[Change], Change]:
    """Declare a mutation: a function of `ask` and the fields of its input."""

    def keep(change: Change) -> Change:
        async def carry_out(root: Any, ask: Ask, input: Json) -> Json:
            client = input.pop("clientMutationId", None)
            try:
                payload = await change(ask, **input)
            except Refusal as refusal:
                raise Failed.of(refusal) from None
            return {**payload, "clientMutationId": client}

        MUTATIONS[name] = carry_out
        return change

    return keep


def _find(ask: Ask, id: str, kind: type[Kind]) -> Kind:
    found = ask.node(id)
    if not isinstance(found, kind):
        raise Failed("NOT_FOUND", f"Could not resolve to {kind.__name__} node with '{id}'.")
    return found


# --- threads ----------------------------------------------------------------------------------


@mutation("resolveReviewThread")
async def resolve(ask: Ask, threadId: str) -> Json:
    return _set_resolved(ask, threadId, resolved=True)


@mutation("unresolveReviewThread")
async def unresolve(ask: Ask, threadId: str) -> Json:
    return _set_resolved(ask, threadId, resolved=False)


def _set_resolved(ask: Ask, id: str, *, resolved: bool) -> Json:
    thread = _find(ask, id, ReviewThread)
    if not may_resolve(thread, ask):
        raise forbidden() if ask.actor.installation else Refusal(403, _denied(ask, "resolve"))
    reviewing.set_resolved(ask.house, ask.actor, thread, resolved=resolved)
    return {"thread": thread}


def _denied(ask: Ask, what: str) -> str:
    return f"{ask.actor.login} does not have the correct permissions to {what} it."


# --- hiding -----------------------------------------------------------------------------------

Hideable = Comment | Review | ReviewComment


@mutation("minimizeComment")
async def minimize(ask: Ask, subjectId: str, classifier: str) -> Json:
    found = _hideable(ask, subjectId)
    found.minimized = classifier.lower().replace("_", "-")
    return {"minimizedComment": found}


@mutation("unminimizeComment")
async def unminimize(ask: Ask, subjectId: str) -> Json:
    found = _hideable(ask, subjectId)
    found.minimized = None
    return {"unminimizedComment": found}


def _hideable(ask: Ask, id: str) -> Hideable:
    found = ask.node(id)
    if not isinstance(found, Comment | Review | ReviewComment):
        raise Failed("NOT_FOUND", f"Could not resolve to a minimizable comment with '{id}'.")
    if not may_hide(ask, found):
        raise forbidden() if ask.actor.installation else Refusal(403, _denied(ask, "minimize"))
    return found


# --- drafts -----------------------------------------------------------------------------------


@mutation("markPullRequestReadyForReview")
async def mark_ready(ask: Ask, pullRequestId: str) -> Json:
    return await _set_draft(ask, pullRequestId, draft=False)


@mutation("convertPullRequestToDraft")
async def convert_to_draft(ask: Ask, pullRequestId: str) -> Json:
    return await _set_draft(ask, pullRequestId, draft=True)


async def _set_draft(ask: Ask, id: str, *, draft: bool) -> Json:
    pull = _find(ask, id, PullRequest)
    repository, own = pull.issue.repository, pull.issue.user is ask.actor.user
    for need in (WRITE, "contents:write"):  # an App needs both: cli/cli#8910, its discussion 6924
        ask.require(repository, need, Role.READ if own else Role.WRITE)
    if pull.issue.state != "open":
        raise Failed("UNPROCESSABLE", "Pull request is closed.")
    if draft and not repository.drafts:
        raise Failed("UNPROCESSABLE", "Draft pull requests are not supported in this repository.")
    await tell.set_draft(ask.house, ask.actor, pull, draft=draft)
    return {"pullRequest": pull}


# --- reviews ----------------------------------------------------------------------------------


@mutation("addPullRequestReview")
async def add_review(
    ask: Ask,
    pullRequestId: str,
    event: str | None = None,
    body: str = "",
    threads: list[Json] | None = None,
    **other: Any,
) -> Json:
    pull = _reviewable(ask, _find(ask, pullRequestId, PullRequest))
    if other.get("comments"):
        raise Failed("UNPROCESSABLE", "`comments` is deprecated: use `threads`.")
    placed = [(_place(given), str(given["body"])) for given in threads or []]
    for text in (body, *(text for _, text in placed)):
        check_length("PullRequestReview", text)
    reviewing.check_event(ask.actor, pull, event, body=body, comments=len(placed))
    reviewing.check_pending(ask.actor, pull)
    commit_id = other.get("commitOID")
    review = reviewing.new_review(ask.house, ask.actor, pull, body=body, commit_id=commit_id)
    try:
        await reviewing.comment(ask.house, ask.actor, review, placed)
    except NotInDiff as error:
        raise Failed("UNPROCESSABLE", f"Pull request review thread {error}") from None
    if event:
        reviewing.submit(ask.house, ask.actor, review, event)
    else:
        pull.reviews.append(review)
    return {"pullRequestReview": review}


def _place(given: Json) -> Place:
    return Place(
        path=str(given["path"]),
        line=given["line"],
        side=given.get("side") or "RIGHT",
        start_line=given.get("startLine"),
        start_side=given.get("startSide"),
    )


def _reviewable(ask: Ask, pull: PullRequest) -> PullRequest:
    ask.require(pull.issue.repository, WRITE)
    if ask.actor.user is None:
        raise Refusal(401, "Requires authentication")
    require_unlocked(ask.state, ask.actor, pull.issue)
    return pull


def _own(ask: Ask, id: str) -> Review:
    review = _find(ask, id, Review)
    _reviewable(ask, review.pull)
    if review.user is not ask.actor.user:
        raise Refusal(403, _denied(ask, "change"))
    return review


@mutation("addPullRequestReviewThreadReply")
async def add_reply(
    ask: Ask, pullRequestReviewThreadId: str, body: str, pullRequestReviewId: str | None = None
) -> Json:
    """Part of a pending review, the caller's own one; else a review by itself."""
    thread = _find(ask, pullRequestReviewThreadId, ReviewThread)
    pull = _reviewable(ask, thread.pull)
    if not body.strip():
        raise Failed("UNPROCESSABLE", "Body can't be blank")
    check_length("PullRequestReviewComment", body)
    review = (
        _own(ask, pullRequestReviewId)
        if pullRequestReviewId
        else reviewing.pending(ask.actor, pull)
    )
    alone = review or reviewing.new_review(ask.house, ask.actor, pull)
    if alone.state != "PENDING" or alone.pull is not pull:
        raise Failed("UNPROCESSABLE", "The review is not a pending one of this pull request.")
    made = reviewing.reply(ask.house, ask.actor, alone, thread, body)
    if review is None:
        reviewing.submit(ask.house, ask.actor, alone, "COMMENT")
    return {"comment": made}


@mutation("submitPullRequestReview")
async def submit_review(
    ask: Ask,
    event: str,
    pullRequestReviewId: str | None = None,
    pullRequestId: str | None = None,
    body: str | None = None,
) -> Json:
    """By its id, or the caller's pending one of a pull request."""
    if pullRequestReviewId:
        review = _own(ask, pullRequestReviewId)
    else:
        found = reviewing.pending(ask.actor, _find(ask, pullRequestId or "", PullRequest))
        if found is None:
            raise Failed("NOT_FOUND", "There is no pending review.")
        review = found
        _reviewable(ask, review.pull)
    if review.state != "PENDING":
        raise Failed("UNPROCESSABLE", "Could not submit a review that is not pending")
    check_length("PullRequestReview", body)
    review.body = review.body if body is None else body
    reviewing.check_event(
        ask.actor, review.pull, event, body=review.body, comments=len(review.comments)
    )
    reviewing.submit(ask.house, ask.actor, review, event)
    return {"pullRequestReview": review}


@mutation("deletePullRequestReview")
async def delete_review(ask: Ask, pullRequestReviewId: str) -> Json:
    review = _own(ask, pullRequestReviewId)
    if review.state != "PENDING":
        raise Failed("UNPROCESSABLE", "Can not delete a non-pending pull request review")
    reviewing.discard(review)
    return {"pullRequestReview": review}


RESOLVERS: Resolvers = {"Mutation": MUTATIONS}
