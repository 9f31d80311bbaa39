"""Check runs on the forge: each once on its commit, with the buttons that work."""

from typing import Any

import pytest

from bot.errors import EffectRefused
from bot.github.texts import checks
from bot.runs import Annotation, CheckRun
from tests.github.world import RUN, World


def check_run(sha: str, **changes: Any) -> CheckRun:
    facts: dict[str, Any] = {
        "name": checks.COPPICE,
        "sha": sha,
        "external_id": f"{RUN}/run-0/{sha}",
        "status": "in_progress",
        "title": "Working",
        "summary": "At it",
        "buttons": (checks.STOP,),
    }
    return CheckRun(**{**facts, **changes})


async def shown(world: World, sha: str) -> list[tuple[Any, ...]]:
    answer = await world.call("GET", f"/commits/{sha}/check-runs?filter=all")
    return [
        (run["name"], run["status"], run["conclusion"], run["output"]["title"])
        for run in answer["check_runs"]
    ]


@pytest.fixture
async def sha(world: World) -> str:
    return await world.fetch()


async def test_a_check_run_is_made_once_and_then_completed(world: World, sha: str) -> None:
    made = await world.apply(check_run(sha))
    done = await world.apply(
        check_run(sha, status="completed", conclusion="success", title="Done", buttons=())
    )

    assert await shown(world, sha) == [("Coppice", "completed", "success", "Done")]
    assert done.id == made.id


async def test_a_completed_check_run_can_be_opened_again(world: World, sha: str) -> None:
    await world.apply(check_run(sha, status="completed", conclusion="failure"))

    await world.apply(check_run(sha))

    assert await shown(world, sha) == [("Coppice", "in_progress", None, "Working")]


async def test_a_check_run_is_found_again_after_a_kill(world: World, sha: str) -> None:
    made = await world.apply(check_run(sha))
    await world.forget()

    found = await world.apply(check_run(sha))

    assert (found.id, found.wrote) == (made.id, False)
    assert len(await shown(world, sha)) == 1


async def test_a_lost_answer_leaves_one_check_run(world: World, sha: str) -> None:
    await world.fault("timeout_after", method="POST", path="*/check-runs", seconds=0.01)

    await world.apply(check_run(sha))

    assert len(await shown(world, sha)) == 1


async def test_the_same_name_of_another_run_is_another_check_run(world: World, sha: str) -> None:
    await world.apply(check_run(sha))
    await world.apply(check_run(sha, external_id=f"{'b' * 12}/run-0/{sha}"), run_id="b" * 12)

    assert len(await shown(world, sha)) == 2


async def test_a_button_changes_although_the_texts_do_not(world: World, sha: str) -> None:
    await world.apply(check_run(sha))

    applied = await world.apply(check_run(sha, buttons=(checks.RETRY,)))

    run = next(iter(next(iter(world.forge.forge.state.repositories.values())).suites.values()))
    (check,) = [check for check in run.runs if check.id == applied.id]
    assert [action["identifier"] for action in check.actions] == ["retry"]


async def test_the_same_check_run_again_asks_nobody(world: World, sha: str) -> None:
    await world.apply(check_run(sha))

    assert not (await world.apply(check_run(sha))).wrote
    assert len(world.writes("/check-runs")) == 1


async def test_texts_too_long_are_cut(world: World, sha: str) -> None:
    await world.apply(check_run(sha, title="t" * 300, summary="s\n" * 40_000, text="x" * 70_000))

    answer = await world.call("GET", f"/commits/{sha}/check-runs")
    output = answer["check_runs"][0]["output"]
    assert len(output["title"]) == 255
    assert len(output["summary"]) <= 65_535
    assert len(output["text"]) <= 65_535


async def test_a_commit_that_github_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(EffectRefused, match="No commit found") as refused:
        await world.apply(check_run("0" * 40))
    assert refused.value.kind == "invalid"


def remarks(count: int, first: int = 1) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(path="a.py", start_line=n, end_line=n, level="notice", message=f"No. {n}")
        for n in range(first, first + count)
    )


async def test_annotations_go_out_fifty_at_a_time_and_once(world: World, sha: str) -> None:
    first = check_run(sha, annotations=remarks(50))
    second = check_run(sha, annotations=remarks(10, 51), batch=1)

    made = await world.apply(first)
    await world.apply(second)
    await world.forget()
    await world.apply(first)
    await world.apply(second)

    listed = await world.call("GET", f"/check-runs/{made.id}/annotations?per_page=100")
    assert [each["message"] for each in listed] == [f"No. {n}" for n in range(1, 61)]
