"""What people and Apps do in reviews, and the events of it; REST and GraphQL share it."""

from bot.forge import tell, threads
from bot.forge.actors import Actor
from bot.forge.answers import Refusal, unprocessable
from bot.forge.house import House
from bot.forge.records import Json, PullRequest, Review, ReviewComment, ReviewThread
from bot.forge.shapes import pulls
from bot.forge.threads import Place

STATES = {
    None: "PENDING",
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


def new_review(
    house: House, actor: Actor, pull: PullRequest, *, body: str = "", commit_id: str | None = None
) -> Review:
    """Make a pending review that nobody sees yet, not even the pull request."""
    now = house.state.now()
    return Review(
        id=house.state.new_id(),
        pull=pull,
        user=actor.user,
        body=body,
        state="PENDING",
        commit_id=commit_id or pull.head_sha,
        created_at=now,
        submitted_at=None,
        app=actor.app,
    )


def check_event(
    actor: Actor, pull: PullRequest, event: str | None, *, body: str, comments: int
) -> None:
    """Refuse what GitHub refuses to submit; ``event`` None: the review stays pending."""
    if pull.issue.user is actor.user and event in ("APPROVE", "REQUEST_CHANGES"):
        what = "approve" if event == "APPROVE" else "request changes on"
        raise unprocessable(f"Can not {what} your own pull request")
    if event in ("REQUEST_CHANGES", "COMMENT") and not (body or comments):
        raise unprocessable("Body can't be blank")


def check_pending(actor: Actor, pull: PullRequest) -> None:
    if pending(actor, pull):
        raise unprocessable("User can only have one pending review per pull request")


def pending(actor: Actor, pull: PullRequest) -> Review | None:
    """The caller's review that is not submitted yet."""
    mine = (r for r in pull.reviews if r.state == "PENDING" and r.user is actor.user)
    return next(mine, None)


async def comment(
    house: House, actor: Actor, review: Review, placed: list[tuple[Place, str]]
) -> None:
    """Begin threads in a new review, all of them or none; raises NotInDiff."""
    if not placed:
        return
    places = [place for place, _ in placed]
    made = await threads.begin(house.state, review.pull, review.commit_id, places)
    check_pending(actor, review.pull)  # once more: another call may have come in between
    for thread, (_, body) in zip(made, placed, strict=True):
        review.pull.threads.append(thread)
        _write(house, actor, review, thread, body)


def reply(
    house: House, actor: Actor, review: Review, thread: ReviewThread, body: str
) -> ReviewComment:
    """Answer a thread as part of a review."""
    return _write(house, actor, review, thread, body)


def _write(
    house: House, actor: Actor, review: Review, thread: ReviewThread, body: str
) -> ReviewComment:
    now = house.state.now()
    made = ReviewComment(
        id=house.state.new_id(),
        thread=thread,
        review=review,
        user=actor.user,
        body=body,
        created_at=now,
        updated_at=now,
        in_reply_to=thread.comments[0].id if thread.comments else None,
        app=actor.app,
    )
    thread.comments.append(made)
    review.comments.append(made)
    return made


def submit(house: House, actor: Actor, review: Review, event: str) -> None:
    """Show a review to everybody: one event for it and one for each of its comments."""
    pull, now = review.pull, house.state.now()
    review.state, review.submitted_at = STATES[event], now
    if review not in pull.reviews:
        pull.reviews.append(review)
    if review.user in pull.requested_reviewers:
        pull.requested_reviewers.remove(review.user)
    pull.issue.updated_at = now
    review_event(house, actor, "submitted", review)
    for one in review.comments:
        comment_event(house, actor, "created", one)


def remove_comment(house: House, actor: Actor, gone: ReviewComment) -> None:
    """Take a comment away; its thread goes with its last one, and so does an empty review."""
    gone.review.comments.remove(gone)
    gone.thread.comments.remove(gone)
    pull = gone.pull
    if not gone.thread.comments:
        pull.threads.remove(gone.thread)
    emptied = gone.review.state == "COMMENTED" and not gone.review.body
    if emptied and not gone.review.comments:
        pull.reviews.remove(gone.review)
    if gone.review.state != "PENDING":
        comment_event(house, actor, "deleted", gone)


def discard(review: Review) -> None:
    """Take a pending review away with all that is in it."""
    pull = review.pull
    for one in review.comments:
        one.thread.comments.remove(one)
    pull.threads = [thread for thread in pull.threads if thread.comments]
    pull.reviews.remove(review)


def dismiss(house: House, actor: Actor, review: Review, message: str) -> None:
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Can not dismiss a commented pull request review")
    was, review.state = review.state.lower(), "DISMISSED"
    tell.note(
        house,
        actor,
        review.pull.issue,
        "review_dismissed",
        dismissed={"state": was, "review_id": review.id, "dismissal_message": message},
    )
    review_event(house, actor, "dismissed", review)


def set_resolved(house: House, actor: Actor, thread: ReviewThread, *, resolved: bool) -> None:
    """Resolve a thread or open it again; what is so already causes no event."""
    if actor.user is None:
        raise Refusal(401, "Requires authentication")
    if resolved is (thread.resolved_by is not None):
        return
    thread.resolved_by = actor.user if resolved else None
    body = {
        "pull_request": pulls.simple(house.state, thread.pull),
        "thread": pulls.thread(house.state, thread),
    }
    name = f"pull_request_review_thread.{'resolved' if resolved else 'unresolved'}"
    house.events.emit(name, thread.pull.issue.repository, actor.user, body)


def comment_event(house: House, actor: Actor, action: str, it: ReviewComment, **more: Json) -> None:
    body = {
        "comment": pulls.comment(house.state, it),
        "pull_request": pulls.simple(house.state, it.pull),
        **more,
    }
    name = f"pull_request_review_comment.{action}"
    house.events.emit(name, it.pull.issue.repository, actor.user, body)


def review_event(house: House, actor: Actor, action: str, it: Review, **more: Json) -> None:
    """States are lower case in events."""
    shape = pulls.review(house.state, it)
    shape |= {"state": it.state.lower(), "body": it.body or None}
    shape |= {"submitted_at": it.submitted_at}
    body = {"review": shape, "pull_request": pulls.simple(house.state, it.pull), **more}
    house.events.emit(f"pull_request_review.{action}", it.pull.issue.repository, actor.user, body)
