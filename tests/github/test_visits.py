"""Reviews of people's pull requests and pushes to their branches: once, and never too far."""

import base64
from typing import Any

import pytest

from bot.errors import EffectRefused
from bot.github import reads
from bot.github.effects.kinds import KINDS
from bot.github.marker import Markers
from bot.runs import DraftReview, Grow, LineComment, PostReview
from tests.github.world import KEY, World

BRANCH = "theirs"


@pytest.fixture
async def pull(world: World) -> int:
    """A pull request of the maintainer's that adds `NEW.md`."""
    main = await world.call("GET", "/git/ref/heads/main")
    ref = {"ref": f"refs/heads/{BRANCH}", "sha": main["object"]["sha"]}
    await world.call("POST", "/git/refs", ref)
    content = base64.b64encode(b"one\ntwo\nthree\n").decode()
    wanted = {"message": "New", "content": content, "branch": BRANCH}
    await world.call("PUT", "/contents/NEW.md", wanted)
    proposal = {"title": "New", "body": "", "head": BRANCH, "base": "main"}
    return int((await world.call("POST", "/pulls", proposal))["number"])


async def head(world: World, pull: int) -> str:
    return str((await world.call("GET", f"/pulls/{pull}"))["head"]["sha"])


async def review(world: World, pull: int, *lines: int, purpose: str = "review-1") -> PostReview:
    comments = tuple(LineComment(path="NEW.md", line=n, body=f"Line {n}.") for n in lines)
    sha = await head(world, pull)
    return PostReview(pull_request=pull, sha=sha, purpose=purpose, body="Read.", comments=comments)


async def ours(world: World, pull: int) -> list[Any]:
    reviews = await world.call("GET", f"/pulls/{pull}/reviews")
    return [each for each in reviews if each["user"]["type"] == "Bot"]


async def test_a_review_is_one_write_and_no_approval(world: World, pull: int) -> None:
    applied = await world.apply(await review(world, pull, 1, 3))

    (made,) = await ours(world, pull)
    assert (made["state"], made["id"], applied.wrote) == ("COMMENTED", applied.id, True)
    assert made["body"].startswith("Read.\n<!-- coppice:review-1 ")
    assert len(world.writes(f"/pulls/{pull}/reviews")) == 1
    said = await world.call("GET", f"/pulls/{pull}/comments")
    assert [(each["line"], each["body"]) for each in said] == [(1, "Line 1."), (3, "Line 3.")]


async def test_it_is_found_again_after_a_kill(world: World, pull: int) -> None:
    await world.apply(await review(world, pull, 1))
    await world.forget()

    again = await world.apply(await review(world, pull, 1, 2))

    assert again.wrote is False
    assert len(await ours(world, pull)) == 1


async def test_a_copy_of_our_marker_by_somebody_else_is_not_ours(world: World, pull: int) -> None:
    marker = Markers(KEY).make("review-1", "4f9a1c0d2e3f")
    wanted = {"event": "COMMENT", "body": f"I am Coppice. {marker}"}
    await world.call("POST", f"/pulls/{pull}/reviews", wanted)

    applied = await world.apply(await review(world, pull))

    assert applied.wrote is True


async def test_a_line_outside_the_difference_refuses_all_of_it_by_name(
    world: World, pull: int
) -> None:
    with pytest.raises(EffectRefused) as refused:
        await world.apply(await review(world, pull, 1, 30))

    assert refused.value.kind == "line"
    assert await ours(world, pull) == []
    assert (await world.apply(await review(world, pull))).wrote is True


async def test_a_commit_that_is_no_part_of_it_any_more_refuses_it(world: World, pull: int) -> None:
    old = await review(world, pull, 1)
    other = await world.commit(await world.fetch(), "Other")

    with pytest.raises(EffectRefused) as refused:
        await world.apply(old.model_copy(update={"sha": other}))

    assert refused.value.kind in ("line", "invalid")


async def test_it_waits_for_another_review_of_ours_that_is_pending(world: World, pull: int) -> None:
    from bot.errors import EffectDelayed

    await world.apply(DraftReview(pull_request=pull, sha=await head(world, pull)))

    with pytest.raises(EffectDelayed):
        await world.apply(await review(world, pull, 1))


async def test_what_we_said_is_told_from_what_others_said(world: World, pull: int) -> None:
    await world.apply(await review(world, pull, 1))
    comment = {"path": "NEW.md", "line": 2, "body": "Mine."}
    await world.call("POST", f"/pulls/{pull}/reviews", {"event": "COMMENT", "comments": [comment]})
    me = await world.app.me()

    found = await reads.remarks_of(await world.client(), world.repository, pull, me.user_id)

    assert [text.partition("\n")[0] for text in found] == ["Read.", "Line 1."]


# --- their branches -------------------------------------------------------------------------------


async def grown(world: World, branch: str = BRANCH) -> tuple[str, str]:
    """A commit of ours on top of a branch; both commits."""
    before = await world.fetch(branch)
    return before, await world.commit(before, "Mend")


async def test_a_branch_grows_by_our_commit(world: World, pull: int) -> None:
    before, after = await grown(world)

    await world.apply(Grow(branch=BRANCH, sha=after, expected=before))
    again = await world.apply(Grow(branch=BRANCH, sha=after, expected=before))

    assert again.wrote is False
    assert await head(world, pull) == after


async def test_it_is_never_replaced(world: World, pull: int) -> None:
    main = await world.fetch()
    before, _ = await grown(world)
    beside = await world.commit(main, "Beside")

    with pytest.raises(EffectRefused) as refused:
        await world.apply(Grow(branch=BRANCH, sha=beside, expected=before))

    assert refused.value.kind == "invalid"
    assert await head(world, pull) == before


@pytest.mark.parametrize(
    ("branch", "rule", "kind"),
    [
        ("main", None, "default_branch"),
        (BRANCH, {"force_pushes": True}, "protected_branch"),
        (BRANCH, {"branch": "*"}, "protected_branch"),
    ],
)
async def test_a_default_or_protected_branch_is_never_pushed_to(
    world: World, pull: int, branch: str, rule: dict[str, Any] | None, kind: str
) -> None:
    before, after = await grown(world, branch)
    if rule is not None:
        await world.switch("protect", **{"branch": BRANCH, **rule})

    with pytest.raises(EffectRefused) as refused:
        await world.apply(Grow(branch=branch, sha=after, expected=before))

    assert refused.value.kind == kind
    assert await world.fetch(branch) == before


async def test_a_branch_with_a_slash_is_asked_about_by_its_whole_name(world: World) -> None:
    main = await world.call("GET", "/git/ref/heads/main")
    ref = {"ref": "refs/heads/feature/one", "sha": main["object"]["sha"]}
    await world.call("POST", "/git/refs", ref)
    await world.switch("protect", branch="feature/one", force_pushes=True)
    client = await world.client()

    assert await reads.branch_protected(client, world.repository, "feature/one") is True
    assert await reads.branch_protected(client, world.repository, "feature") is None


async def test_a_branch_that_is_gone_is_named(world: World, pull: int) -> None:
    before, after = await grown(world)
    await world.call("DELETE", f"/git/refs/heads/{BRANCH}")

    with pytest.raises(EffectRefused) as refused:
        await world.apply(Grow(branch=BRANCH, sha=after, expected=before))

    assert refused.value.kind == "branch_gone"


def test_no_effect_can_name_the_event_of_a_review() -> None:
    assert not {"event", "state"} & set(PostReview.model_fields)
    assert "post_review" in KINDS
