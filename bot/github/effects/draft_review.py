"""Begin a review of ours that nobody sees yet."""

from typing import Any

from bot.github import queries
from bot.github.conversations import conversation
from bot.github.effects.call import Call, Declaration
from bot.runs import Applied, DraftReview

DECLARATION = Declaration(
    does="our pending review of a pull request, which nobody sees before it is submitted",
    found_by="the pending review of the App on it: GitHub lets each have one",
    ours_if="GitHub says that the App wrote it",
    writes="a new pending review, with its new threads; nothing where there is one",
    refused={
        "gone": "the pull request is gone",
        "invalid": "a line is not part of the diff",
        "locked": "the conversation is locked",
    },
    heals=True,
)


def key(effect: DraftReview, owner: str) -> str:
    return f"{effect.pull_request}/{effect.sha}/{owner}"


async def apply(call: Call, effect: DraftReview) -> Applied:
    there = await conversation(call.client, call.repository, effect.pull_request)
    for review in there.reviews:
        if review.mine and review.state == "PENDING":
            return Applied(id=review.number, node=review.id, wrote=False)
    threads: list[dict[str, Any]] = [
        {
            "path": comment.path,
            "line": comment.line,
            "side": comment.side,
            "body": comment.body,
            **(
                {"startLine": comment.start_line, "startSide": comment.side}
                if comment.start_line is not None
                else {}
            ),
        }
        for comment in effect.comments
    ]
    wanted: dict[str, Any] = {"pullRequestId": there.id, "commitOID": effect.sha}
    if threads:
        wanted["threads"] = threads
    data = await call.pen.mutate(queries.DRAFT_REVIEW, input=wanted)
    made = data["addPullRequestReview"]["pullRequestReview"]
    return Applied(id=made["databaseId"], node=made["id"], url=made["url"], wrote=True)
