"""Reviews, threads, drafts and folded comments on the forge: each is written once."""

from typing import Any

import pytest

from bot.errors import EffectRefused
from bot.github.conversations import threads
from bot.runs import (
    ClosePullRequest,
    Comment,
    DraftReview,
    LineComment,
    Minimise,
    PullRequest,
    Push,
    Ready,
    Reply,
    RequestReview,
    ResolveThread,
    Review,
)
from tests.github.world import AUTHOR, BRANCH, World


@pytest.fixture
async def pull(world: World) -> int:
    """Our draft with a changed README, on whose first line the maintainer has a question."""
    base = await world.fetch()
    tree = await world.objects.with_files(base, {"README.md": b"Changed.\n"})
    sha = await world.objects.commit(tree, (base,), "Work", author=AUTHOR, at=1_700_000_000)
    await world.apply(Push(branch=BRANCH, sha=sha, expected=None))
    opened = await world.apply(PullRequest(head=BRANCH, base="main", title="Fix", body="Closes #1"))
    number = opened.number or 0
    comment = {"path": "README.md", "line": 1, "body": "Why?"}
    await world.call(
        "POST", f"/pulls/{number}/reviews", {"event": "COMMENT", "comments": [comment]}
    )
    return number


async def head(world: World, pull: int) -> str:
    return str((await world.call("GET", f"/pulls/{pull}"))["head"]["sha"])


async def first(world: World, pull: int) -> Any:
    return (await threads(await world.client(), world.repository, pull))[0]


async def answer(world: World, pull: int) -> None:
    sha = await head(world, pull)
    await world.apply(DraftReview(pull_request=pull, sha=sha))
    reply = Reply(thread=(await first(world, pull)).id, body="Fixed in abc1234.")
    await world.apply(
        Review(pull_request=pull, sha=sha, purpose="round-1", body="1 thread.", replies=(reply,))
    )


async def ours(world: World, pull: int) -> list[Any]:
    reviews = await world.call("GET", f"/pulls/{pull}/reviews")
    return [review for review in reviews if review["user"]["type"] == "Bot"]


async def test_a_review_answers_threads_and_approves_nothing(world: World, pull: int) -> None:
    await answer(world, pull)

    (review,) = await ours(world, pull)
    assert review["state"] == "COMMENTED"
    assert review["body"].startswith("1 thread.\n<!-- coppice:round-1 ")
    assert [c.body for c in (await first(world, pull)).comments] == ["Why?", "Fixed in abc1234."]


async def test_a_thread_that_is_gone_takes_no_answer_along(world: World, pull: int) -> None:
    more = {"path": "README.md", "line": 1, "body": "And this?"}
    wanted = {"event": "COMMENT", "comments": [more]}
    made = await world.call("POST", f"/pulls/{pull}/reviews", wanted)
    client = await world.client()
    replies = tuple(
        Reply(thread=thread.id, body="Fixed in abc1234.")
        for thread in await threads(client, world.repository, pull)
    )
    (gone,) = await world.call("GET", f"/pulls/{pull}/reviews/{made['id']}/comments")
    await world.call("DELETE", f"/pulls/comments/{gone['id']}")
    sha = await head(world, pull)
    await world.apply(DraftReview(pull_request=pull, sha=sha))

    review = Review(pull_request=pull, sha=sha, purpose="round-1", body="2.", replies=replies)
    await world.apply(review)

    assert [review["state"] for review in await ours(world, pull)] == ["COMMENTED"]
    assert [c.body for c in (await first(world, pull)).comments] == ["Why?", "Fixed in abc1234."]


async def test_a_review_is_found_again_after_a_kill(world: World, pull: int) -> None:
    await answer(world, pull)
    await world.forget()
    before = len(world.writes("graphql"))

    sha = await head(world, pull)
    reply = Reply(thread=(await first(world, pull)).id, body="Fixed in abc1234.")
    again = await world.apply(
        Review(pull_request=pull, sha=sha, purpose="round-1", body="1 thread.", replies=(reply,))
    )

    assert not again.wrote
    assert len(world.writes("graphql")) == before
    assert len(await ours(world, pull)) == 1


async def test_a_draft_cut_off_before_its_submission_is_filled_once(
    world: World, pull: int
) -> None:
    sha, thread = await head(world, pull), (await first(world, pull)).id
    reply = Reply(thread=thread, body="Fixed in abc1234.")
    await world.apply(DraftReview(pull_request=pull, sha=sha))
    part = Review(
        pull_request=pull, sha=sha, purpose="round-1-0", body="", replies=(reply,), submit=False
    )
    await world.apply(part)
    await world.forget()

    await world.apply(DraftReview(pull_request=pull, sha=sha))
    await world.apply(part)
    await world.apply(part.model_copy(update={"purpose": "round-1", "body": "1.", "submit": True}))

    assert len((await first(world, pull)).comments) == 2
    assert len(await ours(world, pull)) == 1


async def test_a_review_without_a_draft_is_refused(world: World, pull: int) -> None:
    with pytest.raises(EffectRefused) as refused:
        await world.apply(Review(pull_request=pull, sha="a" * 40, purpose="round-1", body="x"))

    assert refused.value.kind == "no_draft"


async def test_a_thread_is_resolved_once(world: World, pull: int) -> None:
    thread = (await first(world, pull)).id

    assert (await world.apply(ResolveThread(thread=thread))).wrote
    await world.forget()
    assert not (await world.apply(ResolveThread(thread=thread))).wrote

    assert (await first(world, pull)).resolved


async def test_a_draft_becomes_ready_once(world: World, pull: int) -> None:
    assert (await world.apply(Ready(pull_request=pull))).wrote
    await world.forget()
    assert not (await world.apply(Ready(pull_request=pull))).wrote

    assert (await world.call("GET", f"/pulls/{pull}"))["draft"] is False


async def test_a_comment_of_ours_is_folded_away_and_stays(world: World, pull: int) -> None:
    said = await world.apply(Comment(issue=1, purpose="needs-3b7e", body="@marta: look."))
    assert said.node is not None

    assert (await world.apply(Minimise(node=said.node, why="RESOLVED"))).wrote
    await world.forget()
    assert not (await world.apply(Minimise(node=said.node, why="RESOLVED"))).wrote

    bodies = [c["body"] for c in await world.call("GET", "/issues/1/comments")]
    assert any(body.startswith("@marta: look.") for body in bodies)


async def test_a_person_is_asked_once_and_a_stranger_not_at_all(world: World, pull: int) -> None:
    maintainer = world.forge.ready["users"]["maintainer"]["login"]

    assert (await world.apply(RequestReview(pull_request=pull, login=maintainer))).wrote
    await world.forget()
    assert not (await world.apply(RequestReview(pull_request=pull, login=maintainer))).wrote

    stranger = world.forge.ready["users"]["stranger"]["login"]
    assert not (await world.apply(RequestReview(pull_request=pull, login=stranger))).wrote


async def test_only_our_own_pull_request_is_closed(world: World, pull: int) -> None:
    theirs = await world.call("POST", "/issues", {"title": "x"})
    with pytest.raises(EffectRefused):
        await world.apply(ClosePullRequest(number=theirs["number"]))

    assert (await world.apply(ClosePullRequest(number=pull))).wrote
    assert (await world.call("GET", f"/pulls/{pull}"))["state"] == "closed"


async def test_new_threads_of_a_review_stand_at_their_lines(world: World, pull: int) -> None:
    sha = await head(world, pull)
    remark = LineComment(path="README.md", line=1, body="This could be shorter.")
    await world.apply(DraftReview(pull_request=pull, sha=sha, comments=(remark,)))
    await world.apply(Review(pull_request=pull, sha=sha, purpose="review-1", body="1 finding."))

    listed = await world.call("GET", f"/pulls/{pull}/comments")
    mine = [c for c in listed if c["user"]["type"] == "Bot"]
    assert [(c["path"], c["line"], c["body"]) for c in mine] == [
        ("README.md", 1, "This could be shorter.")
    ]
