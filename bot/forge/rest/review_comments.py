"""Comments on lines of a pull request's diff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from bot.forge.answers import Answer, Refusal, created, invalid, not_found, nothing, ok
from bot.forge.diffs import shown
from bot.forge.git import compare
from bot.forge.records import Json, Review, ReviewComment, Role
from bot.forge.rest.call import Call, Routes, check_length
from bot.forge.shapes import pulls

routes = Routes()
READ, WRITE = "pull_requests:read", "pull_requests:write"
OUTSIDE = "Pull request review thread line must be part of the diff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A comment that is to stand on lines of a file."""

    path: str
    body: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    whole_file: bool = False

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        return cls(
            path=str(given["path"]),
            body=str(given["body"]),
            line=given.get("line") or given.get("position"),
            side=given.get("side") or "RIGHT",
            start_line=given.get("start_line"),
            start_side=given.get("start_side"),
            whole_file=given.get("subject_type") == "file",
        )


async def placed(call: Call, review: Review, places: Sequence[Place]) -> list[ReviewComment]:
    """Make the comments; one whose line the diff does not show refuses them all with 422."""
    pull = review.pull
    difference = await compare(call.repository.path, pull.base_sha, pull.head_sha)
    files = {file.filename: shown(file) for file in difference.files}
    made = []
    for place in places:
        if place.path not in files:
            raise Refusal(422, "Unprocessable Entity", errors=["Path could not be resolved"])
        hunk = files[place.path].hunk(place.side, place.line)
        if hunk is None and not place.whole_file:
            raise Refusal(422, "Unprocessable Entity", errors=[OUTSIDE])
        if place.start_line and place.line and place.start_line >= place.line:
            text = "Pull request review thread start line must precede the end line."
            raise Refusal(422, "Unprocessable Entity", errors=[text])
        made.append(_comment(call, review, place, hunk or ""))
    return made


def _comment(call: Call, review: Review, place: Place, hunk: str) -> ReviewComment:
    check_length("PullRequestReviewComment", place.body)
    now = call.state.now()
    return ReviewComment(
        id=call.state.new_id(),
        pull=review.pull,
        review=review,
        user=call.user,
        body=place.body,
        path=place.path,
        commit_id=review.commit_id,
        diff_hunk=hunk,
        created_at=now,
        updated_at=now,
        line=place.line,
        side=place.side,
        start_line=place.start_line,
        start_side=place.start_side,
        subject_type="file" if place.whole_file else "line",
        app=call.app,
    )


def comment_event(call: Call, action: str, comment: ReviewComment, **more: Json) -> None:
    body = {
        "comment": pulls.comment(call.state, comment),
        "pull_request": pulls.simple(call.state, comment.pull),
        **more,
    }
    name = f"pull_request_review_comment.{action}"
    call.forge.events.emit(name, call.repository, call.user, body)


def visible(call: Call, comments: list[ReviewComment]) -> list[ReviewComment]:
    return [comment for comment in comments if comment.review.state != "PENDING"]


@routes.repository("GET /pulls/comments", needs=READ)
async def list_all_comments(call: Call) -> Answer:
    found = [c for pull in call.repository.pulls for c in visible(call, pull.review_comments)]
    return call.page(found, lambda comment: pulls.comment(call.state, comment))


@routes.repository("GET /pulls/{pull_number}/comments", needs=READ)
async def list_comments(call: Call) -> Answer:
    found = visible(call, call.pull().review_comments)
    return call.page(found, lambda comment: pulls.comment(call.state, comment))


@routes.repository("POST /pulls/{pull_number}/comments", needs=WRITE)
async def create_comment(call: Call) -> Answer:
    """A comment by itself is a review of its own."""
    pull = call.pull()
    if call.body.get("in_reply_to"):
        return await _reply(call, int(call.body["in_reply_to"]))
    review = _single(call)
    review.commit_id = str(call.body["commit_id"])
    review.comments = await placed(call, review, [Place.of(call.body)])
    pull.reviews.append(review)
    comment_event(call, "created", review.comments[0])
    return created(pulls.comment(call.state, review.comments[0]))


def _single(call: Call) -> Review:
    pull = call.pull()
    return Review(
        id=call.state.new_id(),
        pull=pull,
        user=call.user,
        body="",
        state="COMMENTED",
        commit_id=pull.head_sha,
        submitted_at=call.state.now(),
    )


@routes.repository("POST /pulls/{pull_number}/comments/{comment_id}/replies", needs=WRITE)
async def reply(call: Call) -> Answer:
    return await _reply(call, call.number("comment_id"))


async def _reply(call: Call, to: int) -> Answer:
    """A reply stands where the thread's first comment does."""
    first = next((c for c in call.pull().review_comments if c.id == to), None)
    if first is None:
        raise not_found()
    review = _single(call)
    place = Place(
        path=first.path,
        body=str(call.body["body"]),
        line=first.line,
        side=first.side,
        start_line=first.start_line,
        start_side=first.start_side,
        whole_file=first.subject_type == "file",
    )
    comment = _comment(call, review, place, first.diff_hunk)
    comment.in_reply_to = first.in_reply_to or first.id
    review.comments = [comment]
    call.pull().reviews.append(review)
    comment_event(call, "created", comment)
    return created(pulls.comment(call.state, comment))


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
    if before != comment.body:
        comment_event(call, "edited", comment, changes={"body": {"from": before}})
    return ok(pulls.comment(call.state, comment))


@routes.repository("DELETE /pulls/comments/{comment_id}", needs=WRITE)
async def delete_comment(call: Call) -> Answer:
    comment = _mine(call)
    comment.review.comments.remove(comment)
    comment_event(call, "deleted", comment)
    return nothing()


def find(call: Call) -> ReviewComment:
    wanted = call.number("comment_id")
    for pull in call.repository.pulls:
        for comment in pull.review_comments:
            if comment.id == wanted:
                return comment
    raise not_found()


def _mine(call: Call) -> ReviewComment:
    comment = find(call)
    if comment.user is not call.user and not call.may(Role.WRITE, WRITE):
        raise Refusal(403, "Must have admin rights to Repository.")
    return comment
