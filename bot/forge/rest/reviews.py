"""Reviews of pull requests."""

from typing import Any

from bot.forge.answers import Answer, Refusal, not_found, ok, unprocessable
from bot.forge.records import Json, PullRequest, Review, Role
from bot.forge.rest.call import Call, Routes
from bot.forge.rest.review_comments import Place, comment_event, placed
from bot.forge.shapes import pulls

routes = Routes()
READ, WRITE = "pull_requests:read", "pull_requests:write"
STATES = {
    None: "PENDING",
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


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
    event = body.get("event")
    _check_event(call, pull, event, body)
    if any(r.state == "PENDING" and r.user is call.user for r in pull.reviews):
        raise unprocessable("User can only have one pending review per pull request")
    review = Review(
        id=call.state.new_id(),
        pull=pull,
        user=call.user,
        body=str(body.get("body") or ""),
        state=STATES[event],
        commit_id=str(body.get("commit_id") or pull.head_sha),
        submitted_at=call.state.now() if event else None,
    )
    places = [Place.of(given) for given in body.get("comments", [])]
    review.comments = await placed(call, review, places)
    pull.reviews.append(review)
    if event:
        await _submitted(call, review)
    return ok(pulls.review(call.state, review))


def _check_event(call: Call, pull: PullRequest, event: str | None, body: dict[str, Any]) -> None:
    if pull.issue.user is call.user and event in ("APPROVE", "REQUEST_CHANGES"):
        what = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable(f"Can not {what} your own pull request")
    if event in ("REQUEST_CHANGES", "COMMENT") and not (body.get("body") or body.get("comments")):
        raise unprocessable("Body can't be blank")


async def _submitted(call: Call, review: Review) -> None:
    pull = review.pull
    if review.user in pull.requested_reviewers:
        pull.requested_reviewers.remove(review.user)
    pull.issue.updated_at = call.state.now()
    tell_review(call, "submitted", review)
    for comment in review.comments:
        comment_event(call, "created", comment)


def tell_review(call: Call, action: str, review: Review, **more: Json) -> None:
    """States are lower case in events."""
    shape = pulls.review(call.state, review)
    shape |= {"state": review.state.lower(), "body": review.body or None}
    shape |= {"submitted_at": review.submitted_at}
    body = {"review": shape, "pull_request": pulls.simple(call.state, review.pull), **more}
    call.forge.events.emit(f"pull_request_review.{action}", call.repository, call.user, body)


@routes.repository("GET /pulls/{pull_number}/reviews/{review_id}", needs=READ)
async def get_review(call: Call) -> Answer:
    return ok(pulls.review(call.state, find(call)))


@routes.repository("PUT /pulls/{pull_number}/reviews/{review_id}", needs=WRITE)
async def update_review(call: Call) -> Answer:
    review = _own(call)
    before, review.body = review.body, str(call.body["body"])
    if review.state != "PENDING" and before != review.body:
        tell_review(call, "edited", review, changes={"body": {"from": before}})
    return ok(pulls.review(call.state, review))


@routes.repository("DELETE /pulls/{pull_number}/reviews/{review_id}", needs=WRITE)
async def delete_review(call: Call) -> Answer:
    review = _own(call)
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    review.pull.reviews.remove(review)
    return ok(pulls.review(call.state, review))


@routes.repository("GET /pulls/{pull_number}/reviews/{review_id}/comments", needs=READ)
async def list_review_comments(call: Call) -> Answer:
    return call.page(find(call).comments, lambda comment: pulls.comment(call.state, comment))


@routes.repository("POST /pulls/{pull_number}/reviews/{review_id}/events", needs=WRITE)
async def submit_review(call: Call) -> Answer:
    review, event = _own(call), str(call.body["event"])
    if review.state != "PENDING":
        raise unprocessable("Could not submit a review that is not pending")
    review.body = str(call.body.get("body") or review.body)
    _check_event(call, review.pull, event, {"body": review.body, "comments": review.comments})
    review.state, review.submitted_at = STATES[event], call.state.now()
    await _submitted(call, review)
    return ok(pulls.review(call.state, review))


@routes.repository(
    "PUT /pulls/{pull_number}/reviews/{review_id}/dismissals", needs=WRITE, role=Role.WRITE
)
async def dismiss_review(call: Call) -> Answer:
    review = find(call)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Can not dismiss a commented pull request review")
    review.state = "DISMISSED"
    tell_review(call, "dismissed", review)
    return ok(pulls.review(call.state, review))


def find(call: Call) -> Review:
    wanted = call.number("review_id")
    for review in call.pull().reviews:
        if review.id == wanted:
            return review
    raise not_found()


def _own(call: Call) -> Review:
    review = find(call)
    if review.user is not call.user:
        raise Refusal(403, "Must be the author of the review.")
    return review
