"""Comments and reactions on the forge: one for each purpose, whatever happens on the way."""

import asyncio

import pytest

from bot.errors import EffectDelayed, EffectRefused
from bot.github.marker import Markers
from bot.runs import Comment, React
from tests.github.world import KEY, RUN, World

COMMENTS = "/issues/1/comments"


def status(body: str, *, progress: bool = False) -> Comment:
    return Comment(issue=1, purpose="status", body=body, progress=progress)


async def bodies(world: World) -> list[str]:
    return [comment["body"] for comment in await world.call("GET", COMMENTS)]


def signed(body: str, purpose: str = "status", run: str = RUN) -> str:
    return f"{body}\n{Markers(KEY).make(purpose, run)}"


async def test_a_comment_is_made_once_and_then_edited(world: World) -> None:
    made = await world.apply(status("Working"))
    edited = await world.apply(status("Done"))

    assert await bodies(world) == [signed("Done")]
    assert (made.wrote, edited.wrote, edited.id) == (True, True, made.id)


async def test_the_same_comment_again_writes_nothing(world: World) -> None:
    await world.apply(status("Done"))

    again = await world.apply(status("Done"))

    assert not again.wrote
    assert len(world.writes()) == 1


async def test_a_comment_that_is_made_once_stays_as_it_is(world: World) -> None:
    first = Comment(issue=1, purpose="refusal-2", body="Not started", once=True)
    made = await world.apply(first)

    other = await world.apply(first.model_copy(update={"body": "Not done"}))

    assert (made.wrote, other.wrote, other.id) == (True, False, made.id)
    assert [body.splitlines()[0] for body in await bodies(world)] == ["Not started"]


async def test_a_comment_is_found_again_after_a_kill(world: World) -> None:
    made = await world.apply(status("Working"))
    await world.forget()

    found = await world.apply(status("Done"))

    assert found.id == made.id
    assert await bodies(world) == [signed("Done")]


@pytest.mark.parametrize("fault", ["timeout_after", "error"])
async def test_a_lost_answer_leaves_one_comment(world: World, fault: str) -> None:
    await world.fault(fault, method="POST", path="*/comments", seconds=0.01)

    await world.apply(status("Working"))

    assert await bodies(world) == [signed("Working")]


async def test_purposes_and_runs_have_comments_of_their_own(world: World) -> None:
    await world.apply(status("One"))
    await world.apply(status("Two"), run_id="b" * 12)
    await world.apply(Comment(issue=1, purpose="refusal-7", body="No"), run_id=None)

    assert await bodies(world) == [
        signed("One"),
        signed("Two", run="b" * 12),
        signed("No", "refusal-7", "-"),
    ]


async def test_a_forged_marker_of_somebody_else_is_left_alone(world: World) -> None:
    await world.call("POST", COMMENTS, {"body": signed("Mine")}, who="stranger")

    await world.apply(status("Working"))

    assert await bodies(world) == [signed("Mine"), signed("Working")]


async def test_a_result_heals_a_comment_that_somebody_edited(world: World) -> None:
    made = await world.apply(status("Done"))
    await world.call("PATCH", f"/issues/comments/{made.id}", {"body": "Hacked"})

    await world.apply(status("Done"))

    assert await bodies(world) == [signed("Done")]


async def test_a_result_heals_a_comment_that_somebody_deleted(world: World) -> None:
    made = await world.apply(status("Done"))
    await world.call("DELETE", f"/issues/comments/{made.id}")

    await world.apply(status("Done"))

    assert await bodies(world) == [signed("Done")]


async def test_progress_that_comes_too_fast_is_left_out(world: World) -> None:
    await world.apply(status("1", progress=True))
    await world.apply(status("2", progress=True))

    await world.apply(status("Done"))

    assert await bodies(world) == [signed("Done")]
    assert len(world.writes()) == 2


async def test_a_comment_too_long_is_cut_and_says_so(world: World) -> None:
    await world.apply(status("line\n" * 20_000))

    (body,) = await bodies(world)
    assert len(body) <= 65_536
    assert "\n\nCut here: GitHub takes" in body
    assert body.endswith(signed("")[1:])


async def test_a_locked_conversation_takes_no_comment_of_an_app(world: World) -> None:
    """probot/stale#25, renovatebot/renovate#6215: whatever its permissions."""
    await world.call("PUT", "/issues/1/lock", {})

    with pytest.raises(EffectRefused) as refused:
        await world.apply(status("Working"))
    assert refused.value.kind == "locked"


async def test_a_deleted_issue_is_gone(world: World) -> None:
    await world.switch("delete_issue", number=1)

    with pytest.raises(EffectRefused) as refused:
        await world.apply(status("Working"))
    assert refused.value.kind == "gone"


async def test_an_archived_repository_is_named(world: World) -> None:
    await world.switch("archive")

    with pytest.raises(EffectRefused) as refused:
        await world.apply(status("Working"))
    assert refused.value.kind == "archived"


async def test_a_renamed_repository_is_followed(world: World) -> None:
    await world.switch("rename", name="renamed")

    await world.apply(status("Working"))
    await world.apply(status("Done"))

    assert [c.body for c in world.forge.forge.state.comments.values()] == [signed("Done")]


async def test_a_secondary_limit_is_a_delay_and_then_it_goes_on(world: World) -> None:
    await world.fault("secondary", method="POST", path="*/comments", seconds=30)

    with pytest.raises(EffectDelayed, match="secondary rate limit") as delayed:
        await world.apply(status("Working"))
    world.time.ahead += delayed.value.seconds
    await world.apply(status("Working"))

    assert await bodies(world) == [signed("Working")]


async def test_a_fresh_token_is_waited_for(world: World) -> None:
    await world.switch("fresh_token_lag", seconds=10)

    await world.apply(status("Working"))

    assert await bodies(world) == [signed("Working")]
    assert world.time.slept == [3, 10]


async def test_an_expired_token_is_replaced_on_the_way(world: World) -> None:
    await world.apply(status("Working"))
    world.time.ahead += 120
    await world.switch("expire_tokens")

    await world.apply(status("Done"))

    assert await bodies(world) == [signed("Done")]


async def test_a_suspended_installation_is_named(world: World) -> None:
    await world.switch("suspend")

    with pytest.raises(EffectRefused) as refused:
        await world.apply(status("Working"))
    assert refused.value.kind == "suspended"


async def test_after_an_uninstall_what_was_not_written_is_void(world: World) -> None:
    await world.switch("uninstall")

    with pytest.raises(EffectRefused) as refused:
        await world.apply(status("Working"))
    assert refused.value.kind == "uninstalled"
    assert await world.status(f"comment/{world.repository.id}/1/status/{RUN}") == "void"


async def test_a_lost_permission_is_named(world: World) -> None:
    await world.switch("permissions", permissions={"issues": "read"})

    with pytest.raises(EffectRefused) as refused:
        await world.apply(status("Working"))
    assert refused.value.kind == "no_access"


async def test_a_reaction_is_put_once(world: World) -> None:
    first = await world.apply(React(issue=1, content="eyes"), run_id=None)
    await world.forget()
    again = await world.apply(React(issue=1, content="eyes"), run_id=None)

    assert (first.wrote, again.wrote, again.id) == (True, False, first.id)


async def test_a_reaction_to_a_comment_goes_to_the_comment(world: World) -> None:
    comment = await world.call("POST", COMMENTS, {"body": "/coppice run"})

    await world.apply(React(issue=1, comment_id=comment["id"], content="+1"), run_id=None)

    (reaction,) = await world.call("GET", f"/issues/comments/{comment['id']}/reactions")
    assert (reaction["content"], reaction["user"]["login"]) == ("+1", "coppice[bot]")


async def test_the_same_effect_twice_at_once_leaves_one_comment(world: World) -> None:
    await asyncio.gather(world.apply(status("Working")), world.apply(status("Working")))

    assert await bodies(world) == [signed("Working")]


async def test_progress_makes_room_for_results(world: World) -> None:
    made = await world.apply(status("Working"))
    world.time.ahead += 20
    for _ in range(60):
        await world.limits.take(world.repository.installation_id)

    left_out = await world.apply(status("Further", progress=True))
    await world.apply(status("Done"))

    assert (left_out.wrote, left_out.id) == (False, made.id)
    assert await bodies(world) == [signed("Done")]
