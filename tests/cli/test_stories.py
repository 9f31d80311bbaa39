"""The stories of the demo are played by a scripted maintainer, over the public API alone."""

from pathlib import Path

import pytest

from tests.cli.shell import coppice, played

pytestmark = pytest.mark.slow


def test_the_story_of_a_plan(tmp_path: Path) -> None:
    code, found = played("--story", "plan", "--state", str(tmp_path / "state"))

    assert (code, found["status"], found["story"]) == (0, "done", "plan"), found
    assert [step["did"] for step in found["steps"]] == [
        "put the label `coppice` on the issue",
        "ask for a change of the plan",
        "restart the service in the wait",
        "approve the plan by its box",
        "approve the amendment by its box",
    ]
    assert all(step["ok"] for step in found["steps"])
    assert found["pull_request"]["draft"] is True


def test_a_story_of_its_own_plot_takes_no_repository(tmp_path: Path) -> None:
    done = coppice("demo", "--story", "plan", "--repo", str(tmp_path))

    assert (done.returncode, done.stdout) == (2, "")
    assert "leave out --repo" in done.stderr


@pytest.mark.parametrize(
    ("story", "last"),
    [("review", "count questions"), ("ci", "move the base into a conflict")],
)
def test_the_stories_of_an_open_pull_request(tmp_path: Path, story: str, last: str) -> None:
    code, found = played("--story", story, "--state", str(tmp_path / "state"))

    assert (code, found["status"], found["story"]) == (0, "done", story), found
    assert [step for step in found["steps"] if not step["ok"]] == []
    assert found["steps"][-1]["did"] == last
