"""Draft pull requests on the forge: one for each branch, and only our part of the body."""

import pytest

from bot.errors import EffectRefused
from bot.github.marker import Markers
from bot.runs import Applied, PullRequest
from tests.github.world import BRANCH, KEY, RUN, World

MARKERS = Markers(KEY)


def draft(body: str = "Closes #1", *, base: str = "main") -> PullRequest:
    return PullRequest(head=BRANCH, base=base, title="Fix it", body=body)


async def pulls(world: World) -> list[dict[str, object]]:
    found: list[dict[str, object]] = await world.call("GET", "/pulls?state=all")
    return found


async def body_of(world: World, applied: Applied) -> str:
    return str((await world.call("GET", f"/pulls/{applied.number}"))["body"])


@pytest.fixture
async def sha(world: World) -> str:
    return await world.push_work()


async def test_a_draft_is_opened_once_and_then_edited(world: World, sha: str) -> None:
    opened = await world.apply(draft())
    edited = await world.apply(draft("Closes #1\n\nMore"))

    assert (opened.draft, opened.sha, edited.number) == (True, sha, opened.number)
    assert await body_of(world, opened) == MARKERS.wrap("Closes #1\n\nMore", RUN)


async def test_a_draft_is_found_again_after_a_kill(world: World, sha: str) -> None:
    opened = await world.apply(draft())
    await world.forget()

    found = await world.apply(draft())

    assert (found.number, found.wrote) == (opened.number, False)


@pytest.mark.parametrize("fault", ["timeout_after", "error"])
async def test_a_lost_answer_leaves_one_pull_request(world: World, sha: str, fault: str) -> None:
    await world.fault(fault, method="POST", path="*/pulls", seconds=0.01)

    await world.apply(draft())

    assert len(await pulls(world)) == 1


async def test_what_people_write_around_our_part_stays(world: World, sha: str) -> None:
    opened = await world.apply(draft())
    theirs = f"Seen.\r\n\r\n{await body_of(world, opened)}\r\n\r\nThanks!"
    await world.call("PATCH", f"/pulls/{opened.number}", {"body": theirs})

    await world.apply(draft("New"))

    assert await body_of(world, opened) == f"Seen.\n\n{MARKERS.wrap('New', RUN)}\n\nThanks!"


async def test_a_body_too_long_is_cut_and_keeps_what_people_wrote(world: World, sha: str) -> None:
    opened = await world.apply(draft())
    theirs = f"{await body_of(world, opened)}\n\n{'Thanks! ' * 100}".strip()
    await world.call("PATCH", f"/pulls/{opened.number}", {"body": theirs})

    await world.apply(draft("line\n" * 20_000))

    body = await body_of(world, opened)
    assert len(body) <= 65_536
    assert body.endswith("Thanks!")


async def test_where_drafts_are_not_supported_it_is_an_ordinary_one_and_says_so(
    world: World, sha: str
) -> None:
    await world.switch("drafts", on=False)

    opened = await world.apply(draft())

    assert opened.draft is False
    assert opened.note is not None
    assert "Draft pull requests are not supported" in opened.note


async def test_somebody_elses_pull_request_for_our_branch_is_not_taken_over(
    world: World, sha: str
) -> None:
    mine = {"title": "Mine", "head": BRANCH, "base": "main", "body": "x"}
    await world.call("POST", "/pulls", mine)

    with pytest.raises(EffectRefused) as refused:
        await world.apply(draft())
    assert refused.value.kind == "pull_request_taken"
    assert [pull["title"] for pull in await pulls(world)] == ["Mine"]


async def test_a_closed_pull_request_is_not_opened_a_second_time(world: World, sha: str) -> None:
    opened = await world.apply(draft())
    await world.call("PATCH", f"/pulls/{opened.number}", {"state": "closed"})

    with pytest.raises(EffectRefused, match="was closed") as refused:
        await world.apply(draft())
    assert refused.value.kind == "pull_request_closed"


async def test_a_base_that_is_gone_is_named(world: World, sha: str) -> None:
    with pytest.raises(EffectRefused) as refused:
        await world.apply(draft(base="nowhere"))
    assert refused.value.kind == "base_gone"


async def test_a_branch_that_is_gone_is_named(world: World) -> None:
    with pytest.raises(EffectRefused) as refused:
        await world.apply(draft())
    assert refused.value.kind == "branch_gone"


async def test_a_branch_without_work_is_named(world: World, sha: str) -> None:
    await world.call("PATCH", "/git/refs/heads/main", {"sha": sha})

    with pytest.raises(EffectRefused) as refused:
        await world.apply(draft())
    assert refused.value.kind == "no_commits"


async def test_only_branches_of_ours_get_a_pull_request(world: World) -> None:
    with pytest.raises(EffectRefused) as refused:
        await world.apply(PullRequest(head="main", base="main", title="t", body=""))
    assert refused.value.kind == "invalid"


async def test_a_renamed_repository_gets_its_pull_request(world: World, sha: str) -> None:
    await world.switch("rename", name="renamed")
    opened = await world.apply(draft())
    await world.forget()

    assert (await world.apply(draft())).number == opened.number


async def test_a_branch_of_our_name_in_a_fork_is_not_ours(world: World, sha: str) -> None:
    fork = await world.call("POST", "/forks", {}, who="stranger")
    theirs = f"/../../{fork['full_name']}"
    change = {"message": "x", "content": "eA==", "branch": BRANCH}
    await world.call("PUT", f"{theirs}/contents/x.txt", change, who="stranger")
    head = f"{fork['owner']['login']}:{BRANCH}"
    forged = {"title": "Theirs", "head": head, "base": "main", "body": draft().body}
    await world.call("POST", "/pulls", forged, who="stranger")

    opened = await world.apply(draft())

    assert (opened.wrote, opened.sha) == (True, sha)
    assert sorted(str(pull["title"]) for pull in await pulls(world)) == ["Fix it", "Theirs"]


async def test_a_hostile_title_is_a_title_and_nothing_else(world: World, sha: str) -> None:
    hostile = draft().model_copy(update={"title": '"; rm -rf / $(id)' + "x" * 1_000_000})

    opened = await world.apply(hostile)

    title = (await world.call("GET", f"/pulls/{opened.number}"))["title"]
    assert title == hostile.title[:256]


async def test_a_title_that_a_person_wrote_stays(world: World, sha: str) -> None:
    opened = await world.apply(draft())
    await world.call("PATCH", f"/pulls/{opened.number}", {"title": "What it really does"})

    await world.apply(draft("New").model_copy(update={"title": "Newer", "replaces": ("Fix it",)}))

    pull = await world.call("GET", f"/pulls/{opened.number}")
    assert pull["title"] == "What it really does"
    assert pull["body"] == MARKERS.wrap("New", RUN)


async def test_a_title_of_ours_is_replaced(world: World, sha: str) -> None:
    opened = await world.apply(draft())

    await world.apply(draft().model_copy(update={"title": "Newer", "replaces": ("Fix it",)}))

    assert (await world.call("GET", f"/pulls/{opened.number}"))["title"] == "Newer"


async def test_the_template_stands_around_our_part_and_is_peoples_afterwards(
    world: World, sha: str
) -> None:
    around = {"above": "## Description", "below": "## Checklist\n- [ ] CLA"}
    opened = await world.apply(draft().model_copy(update=around))
    body = await body_of(world, opened)
    ours = MARKERS.wrap("Closes #1", RUN)
    assert body == f"## Description\n\n{ours}\n\n## Checklist\n- [ ] CLA"
    ticked = body.replace("- [ ] CLA", "- [x] CLA")
    await world.call("PATCH", f"/pulls/{opened.number}", {"body": ticked})

    await world.apply(draft("New").model_copy(update=around))

    assert await body_of(world, opened) == ticked.replace(ours, MARKERS.wrap("New", RUN))


async def test_a_copy_of_our_first_marker_costs_nobody_a_word(world: World, sha: str) -> None:
    opened = await world.apply(draft())
    theirs = f"<!-- coppice:begin -->\nMine.\n\n{await body_of(world, opened)}"
    await world.call("PATCH", f"/pulls/{opened.number}", {"body": theirs})

    await world.apply(draft("New"))

    assert "Mine." in await body_of(world, opened)
