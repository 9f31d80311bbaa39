"""The demo's three issues, as somebody labels them one after the other in its forge."""

from pathlib import Path

import pytest

from tests.service.world import ROOT, Json, World, world

pytestmark = [pytest.mark.slow, pytest.mark.database]

SCRIPTS = str(ROOT / "prompts" / "demo")


async def files_of_pull_request(there: World, run: Json) -> set[str]:
    assert (run["status"], len(attempts(run))) == ("done", 1), run
    files = await there.repo("GET", f"/pulls/{run['pull_request']}/files")
    return {file["filename"] for file in files}


def attempts(run: Json) -> list[Json]:
    return [stage for stage in run["stages"] if stage["name"] == "implement"]


async def test_each_is_solved_on_the_red_main(tmp_path: Path) -> None:
    async with world(tmp_path, forked=True, COPPICE_SCRIPTS=SCRIPTS) as there:
        for issue in (1, 2, 3):
            await there.label(issue)
        first, second, third = [await there.ended(issue, seconds=120) for issue in (1, 2, 3)]

        assert (first["status"], len(attempts(first))) == ("done", 2), first
        pull = await there.repo("GET", f"/pulls/{first['pull_request']}")
        (row,) = [line for line in pull["body"].splitlines() if line.startswith("| `python3 -m py")]
        assert row == "| `python3 -m pytest -q` | fails: AssertionError | 17 pass |"
        red = "`main` is red without this: `test` failed, `AssertionError` in `tests/"
        assert red in pull["body"]
        repair = "src/greenhouse/watering.py"
        assert repair in await files_of_pull_request(there, second)
        assert repair in await files_of_pull_request(there, third)


async def test_the_others_are_solved_after_the_first_was_merged(tmp_path: Path) -> None:
    async with world(tmp_path, forked=True, COPPICE_SCRIPTS=SCRIPTS) as there:
        await there.label(1)
        first = await there.ended(1)
        pull = await there.repo("GET", f"/pulls/{first['pull_request']}")
        await there.repo("PATCH", "/git/refs/heads/main", {"sha": pull["head"]["sha"]})

        await there.label(2)
        await there.label(3)

        second, third = [await there.ended(issue, seconds=120) for issue in (2, 3)]
        assert await files_of_pull_request(there, second) == {
            "src/greenhouse/readings.py",
            "tests/test_decimal_comma.py",
        }
        assert await files_of_pull_request(there, third) == {
            *("README.md", "src/greenhouse/__main__.py"),
            *("src/greenhouse/alarms.py", "tests/test_alarms.py"),
        }
