"""Fill our pending review with answers to threads, and submit it: one review, never an approval."""

from typing import Any

from bot.errors import EffectRefused
from bot.github import queries
from bot.github.conversations import Conversation, SubmittedReview, conversation, threads
from bot.github.effects.call import Call, Declaration
from bot.github.markdown import COMMENT_LIMIT, fit
from bot.runs import Applied, Review

DECLARATION = Declaration(
    does="one review that answers all threads; its event is always `COMMENT`",
    found_by="the marker in the body of a review by the App; what the pending one holds already",
    ours_if="GitHub says that the App wrote it and the marker's HMAC fits run and purpose",
    writes="the answers that are not there yet, and the submission, in one request",
    refused={
        "gone": "the pull request or a thread is gone",
        "no_draft": "there is no pending review to submit",
        "locked": "the conversation is locked",
    },
)


def key(effect: Review, owner: str) -> str:
    return f"{effect.pull_request}/{effect.purpose}/{owner}"


async def apply(call: Call, effect: Review) -> Applied:
    there = await conversation(call.client, call.repository, effect.pull_request)
    if done := _submitted(call, effect, there):
        return Applied(id=done.number, node=done.id, wrote=False)
    pending = next((r for r in there.reviews if r.mine and r.state == "PENDING"), None)
    if pending is None:
        raise EffectRefused("no_draft", "There is no pending review of Coppice to submit.")
    waiting = await _waiting(call, effect, pending)
    replies = [reply for reply in effect.replies if reply.thread in waiting]
    inputs: dict[str, Any] = {
        f"reply{n}": {
            "pullRequestReviewId": pending.id,
            "pullRequestReviewThreadId": reply.thread,
            "body": fit(reply.body, COMMENT_LIMIT),
        }
        for n, reply in enumerate(replies)
    }
    if effect.submit:
        marker = call.markers.make(effect.purpose, call.owner)
        body = f"{fit(effect.body, COMMENT_LIMIT - len(marker) - 1)}\n{marker}"
        inputs["review"] = {"pullRequestReviewId": pending.id, "event": "COMMENT", "body": body}
    if not inputs:
        return Applied(id=pending.number, node=pending.id, wrote=False)
    await call.pen.mutate(queries.review(len(replies), submit=effect.submit), **inputs)
    return Applied(id=pending.number, node=pending.id, wrote=True)


def _submitted(call: Call, effect: Review, there: Conversation) -> SubmittedReview | None:
    for review in there.reviews:
        ours = review.mine and review.state != "PENDING"
        if ours and call.markers.carries(review.body, effect.purpose, call.owner):
            return review
    return None


async def _waiting(call: Call, effect: Review, pending: SubmittedReview) -> set[str]:
    """The threads that are there and that the pending review does not answer yet.

    A request before was cut off, or somebody deleted what they had written: one thread that is gone
    would have GitHub refuse all answers.
    """
    listed = await threads(call.client, call.repository, effect.pull_request)
    return {
        thread.id
        for thread in listed
        if not any(comment.review == pending.id for comment in thread.comments[1:])
    }
