"""Reviews of pull requests."""

from bot.forge import reviewing
from bot.forge.actors import require_unlocked
from bot.forge.answers import Answer, Refusal, not_found, ok, unprocessable
from bot.forge.records import Review, Role
from bot.forge.rest.call import Call, Routes, check_length
from bot.forge.rest.review_comments import place_of
from bot.forge.shapes import pulls
from bot.forge.threads import NotInDiff

routes = Routes()
READ, WRITE = "pull_requests:read", "pull_requests:write"


@routes.repository("GET /pulls/{pull_number}/reviews", needs=READ)
async def list_reviews(call: Call) -> Answer:
    """Others' pending reviews are not there."""
    mine = call.actor.user
    found = [r for r in call.pull().reviews if r.state != "PENDING" or r.user is mine]
    return call.page(found, lambda review: pulls.review(call.state, review))


@routes.repository("POST /pulls/{pull_number}/reviews", needs=WRITE)
async def create_review(call: Call) -> Answer:
    """One bad line refuses the whole review."""
    pull, body = call.pull(), call.body
    require_unlocked(call.state, call.actor, pull.issue)
    event, text = body.get("event"), str(body.get("body") or "")
    check_length("PullRequestReview", text)
    placed = [place_of(given) for given in body.get("comments", [])]
    reviewing.check_event(call.actor, pull, event, body=text, comments=len(placed))
    reviewing.check_pending(call.actor, pull)
    review = reviewing.new_review(
        call.forge, call.actor, pull, body=text, commit_id=body.get("commit_id")
    )
    try:
        await reviewing.comment(call.forge, call.actor, review, placed)
    except NotInDiff as error:
        raise unprocessable(_said(error)) from None
    if event:
        reviewing.submit(call.forge, call.actor, review, event)
    else:
        pull.reviews.append(review)
    return ok(pulls.review(call.state, review))


def _said(error: NotInDiff) -> str:
    if error.field in ("line", "start_line"):
        return f"Pull request review thread {error}"
    return str(error)


@routes.repository("GET /pulls/{pull_number}/reviews/{review_id}", needs=READ)
async def get_review(call: Call) -> Answer:
    return ok(pulls.review(call.state, find(call)))


@routes.repository("PUT /pulls/{pull_number}/reviews/{review_id}", needs=WRITE)
async def update_review(call: Call) -> Answer:
    review = _own(call)
    check_length("PullRequestReview", call.body["body"])
    before, review.body = review.body, str(call.body["body"])
    if review.state != "PENDING" and before != review.body:
        changes = {"body": {"from": before}}
        reviewing.review_event(call.forge, call.actor, "edited", review, changes=changes)
    return ok(pulls.review(call.state, review))


@routes.repository("DELETE /pulls/{pull_number}/reviews/{review_id}", needs=WRITE)
async def delete_review(call: Call) -> Answer:
    review = _own(call)
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    reviewing.discard(review)
    return ok(pulls.review(call.state, review))


@routes.repository("GET /pulls/{pull_number}/reviews/{review_id}/comments", needs=READ)
async def list_review_comments(call: Call) -> Answer:
    return call.page(find(call).comments, lambda comment: pulls.comment(call.state, comment))


@routes.repository("POST /pulls/{pull_number}/reviews/{review_id}/events", needs=WRITE)
async def submit_review(call: Call) -> Answer:
    review, event = _own(call), str(call.body["event"])
    require_unlocked(call.state, call.actor, review.pull.issue)
    if review.state != "PENDING":
        raise unprocessable("Could not submit a review that is not pending")
    review.body = str(call.body.get("body") or review.body)
    reviewing.check_event(
        call.actor, review.pull, event, body=review.body, comments=len(review.comments)
    )
    reviewing.submit(call.forge, call.actor, review, event)
    return ok(pulls.review(call.state, review))


@routes.repository(
    "PUT /pulls/{pull_number}/reviews/{review_id}/dismissals", needs=WRITE, role=Role.WRITE
)
async def dismiss_review(call: Call) -> Answer:
    review = find(call)
    reviewing.dismiss(call.forge, call.actor, review, str(call.body["message"]))
    return ok(pulls.review(call.state, review))


def find(call: Call) -> Review:
    """Find a review by the path; a pending one only for its author."""
    wanted = call.number("review_id")
    for review in call.pull().reviews:
        shown = review.state != "PENDING" or review.user is call.actor.user
        if review.id == wanted and shown:
            return review
    raise not_found()


def _own(call: Call) -> Review:
    review = find(call)
    if review.user is not call.user:
        raise Refusal(403, "Must be the author of the review.")
    return review
