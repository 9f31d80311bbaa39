"""Comments on lines of a pull request's diff."""

from typing import Any

from bot.forge import reviewing
from bot.forge.actors import require_unlocked
from bot.forge.answers import Answer, Refusal, created, invalid, not_found, nothing, ok
from bot.forge.records import ReviewComment, Role
from bot.forge.rest.call import Call, Routes, check_length
from bot.forge.shapes import pulls
from bot.forge.threads import NotInDiff, Place

routes = Routes()
READ, WRITE = "pull_requests:read", "pull_requests:write"


def place_of(given: dict[str, Any]) -> tuple[Place, str]:
    """Where a comment is to stand, and what it says."""
    body = str(given["body"])
    if not body.strip():
        raise invalid("PullRequestReviewComment", "missing_field", "body")
    check_length("PullRequestReviewComment", body)
    place = Place(
        path=str(given["path"]),
        line=given.get("line"),
        side=given.get("side") or "RIGHT",
        start_line=given.get("start_line"),
        start_side=given.get("start_side"),
        position=given.get("position"),
        whole_file=given.get("subject_type") == "file",
    )
    return place, body


def visible(comments: list[ReviewComment]) -> list[ReviewComment]:
    return [comment for comment in comments if comment.review.state != "PENDING"]


def listed(call: Call, found: list[ReviewComment]) -> Answer:
    """Answer a page of comments as `since`, `sort` and `direction` ask."""
    key = "updated_at" if call.query.get("sort") == "updated" else "created_at"
    since = call.query.get("since", "")
    chosen = [comment for comment in visible(found) if comment.updated_at >= since]
    chosen.sort(
        key=lambda comment: (getattr(comment, key), comment.id),
        reverse=call.query.get("direction") == "desc",
    )
    return call.page(chosen, lambda comment: pulls.comment(call.state, comment))


@routes.repository("GET /pulls/comments", needs=READ)
async def list_all_comments(call: Call) -> Answer:
    return listed(call, [c for pull in call.repository.pulls for c in pull.review_comments])


@routes.repository("GET /pulls/{pull_number}/comments", needs=READ)
async def list_comments(call: Call) -> Answer:
    return listed(call, call.pull().review_comments)


@routes.repository("POST /pulls/{pull_number}/comments", needs=WRITE)
async def create_comment(call: Call) -> Answer:
    """A comment by itself is a review of its own."""
    if call.body.get("in_reply_to"):
        return await _reply(call, int(call.body["in_reply_to"]))
    pull = call.pull()
    require_unlocked(call.state, call.actor, pull.issue)
    review = reviewing.new_review(
        call.forge, call.actor, pull, commit_id=str(call.body["commit_id"])
    )
    try:
        await reviewing.comment(call.forge, call.actor, review, [place_of(call.body)])
    except NotInDiff as error:
        field = f"pull_request_review_thread.{error.field}"
        message = f"{field} {str(error).removeprefix(error.field).strip()}"
        raise invalid("PullRequestReviewComment", "custom", field, message) from None
    reviewing.submit(call.forge, call.actor, review, "COMMENT")
    return created(pulls.comment(call.state, review.comments[0]))


@routes.repository("POST /pulls/{pull_number}/comments/{comment_id}/replies", needs=WRITE)
async def reply(call: Call) -> Answer:
    return await _reply(call, call.number("comment_id"))


async def _reply(call: Call, to: int) -> Answer:
    """Answer a thread, whichever of its comments is named."""
    pull = call.pull()
    require_unlocked(call.state, call.actor, pull.issue)
    named = next((c for c in visible(pull.review_comments) if c.id == to), None)
    if named is None:
        raise not_found()
    body = str(call.body["body"])
    if not body.strip():
        raise invalid("PullRequestReviewComment", "missing_field", "body")
    check_length("PullRequestReviewComment", body)
    review = reviewing.new_review(call.forge, call.actor, pull)
    made = reviewing.reply(call.forge, call.actor, review, named.thread, body)
    reviewing.submit(call.forge, call.actor, review, "COMMENT")
    return created(pulls.comment(call.state, made))


@routes.repository("GET /pulls/comments/{comment_id}", needs=READ)
async def get_comment(call: Call) -> Answer:
    return ok(pulls.comment(call.state, find(call)))


@routes.repository("PATCH /pulls/comments/{comment_id}", needs=WRITE)
async def update_comment(call: Call) -> Answer:
    comment = _mine(call)
    if not str(call.body["body"]).strip():
        raise invalid("PullRequestReviewComment", "missing_field", "body")
    check_length("PullRequestReviewComment", call.body["body"])
    before, comment.body = comment.body, str(call.body["body"])
    comment.updated_at = call.state.now()
    if before != comment.body and comment.review.state != "PENDING":
        changes = {"body": {"from": before}}
        reviewing.comment_event(call.forge, call.actor, "edited", comment, changes=changes)
    return ok(pulls.comment(call.state, comment))


@routes.repository("DELETE /pulls/comments/{comment_id}", needs=WRITE)
async def delete_comment(call: Call) -> Answer:
    reviewing.remove_comment(call.forge, call.actor, _mine(call))
    return nothing()


def find(call: Call) -> ReviewComment:
    """Find a comment by the path; in a pending review only its author's."""
    wanted = call.number("comment_id")
    for pull in call.repository.pulls:
        for comment in pull.review_comments:
            shown = comment.review.state != "PENDING" or comment.user is call.actor.user
            if comment.id == wanted and shown:
                return comment
    raise not_found()


def _mine(call: Call) -> ReviewComment:
    comment = find(call)
    if comment.user is not call.user and not call.may(Role.WRITE, WRITE):
        raise Refusal(403, "Must have admin rights to Repository.")
    return comment
