"""The demo's project works, and the scripted attempts do what they are told for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.agent.script import Step, load_script
from bot.forge.git import log, refs
from bot.forge.records import Role
from bot.forge.seed import Seed, seed_demo
from bot.forge.state import State
from tests.forge.seed.conftest import Checkout

SCRIPTS = Path(__file__).parents[3] / "prompts" / "demo"


def pytest_in(tree: Path) -> tuple[int, str]:
    """Run the project's own tests as a stranger to ours would."""
    environment = {"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = (sys.executable, "-m", "pytest", "-q")
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def solved(tree: Path, issue: int, number: int) -> Path:
    """Do the steps of an attempt in a tree, as the scripted agent does."""
    git(tree, "checkout", "-q", ".")
    for step in load_script(SCRIPTS / f"{issue}.yaml").attempt(number):
        act(tree, step)
    return tree


def repair(tree: Path) -> str:
    return (tree / "src/greenhouse/watering.py").read_text()


def git(tree: Path, *arguments: str) -> str:
    who = ("-c", "user.name=marta", "-c", "user.email=marta@example.org")
    command = ("git", "-C", str(tree), *who, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def act(tree: Path, step: Step) -> None:
    if step.write is not None:
        (tree / step.write).write_text(step.text or "")
    if step.diff is not None:
        git(tree, "apply", str(SCRIPTS / step.diff))
    if step.run is not None and "-m pytest" not in step.run:
        subprocess.run(step.run, shell=True, cwd=tree, check=True, capture_output=True)


async def test_main_is_red_because_of_issue_1_alone(seed: Seed, checkout: Checkout) -> None:
    code, output = pytest_in(checkout(seed))

    assert (code, "1 failed, 16 passed" in output) == (1, True), output
    assert "FAILED tests/test_watering.py::test_a_window_may_cross_midnight" in output


async def test_who_reported_issue_1_wrote_its_test(seed: Seed) -> None:
    reporter = seed.issue.user
    last = (await log(seed.repository.path, "main"))[0]

    assert reporter is not None
    assert (last.author.name, last.committer.name) == (reporter.name, "Marta Lind")
    assert last.title == "Test that a window may cross midnight"


async def test_the_first_attempt_at_issue_1_is_caught_and_the_second_is_right(
    seed: Seed, checkout: Checkout
) -> None:
    tree = checkout(seed)

    code, output = pytest_in(solved(tree, 1, 1))
    assert (code, "1 failed" in output) == (1, True)

    code, output = pytest_in(solved(tree, 1, 2))
    assert (code, "17 passed" in output) == (0, True)


@pytest.mark.parametrize("issue", [2, 3])
async def test_the_other_issues_are_solved_at_once_and_issue_1_with_them(
    seed: Seed, checkout: Checkout, issue: int
) -> None:
    tree = solved(checkout(seed), issue, 1)

    assert pytest_in(tree)[0] == 0
    assert repair(tree) == repair(solved(tree, 1, 2))


@pytest.mark.parametrize("issue", [2, 3])
async def test_the_other_issues_are_solved_on_top_of_issue_1_too(
    seed: Seed, checkout: Checkout, issue: int
) -> None:
    tree = solved(checkout(seed), 1, 2)
    git(tree, "commit", "-q", "--all", "--message", "Mend issue 1")

    solved(tree, issue, 1)

    assert pytest_in(tree)[0] == 0
    assert "watering.py" not in git(tree, "status", "--porcelain")


@pytest.mark.parametrize("issue", [1, 2, 3])
async def test_the_scripts_do_something_that_people_can_follow(issue: int) -> None:
    said = [
        [step.say for step in a if step.say]
        for a in load_script(SCRIPTS / f"{issue}.yaml").attempts
    ]

    assert all(len(lines) >= 2 for lines in said)


async def test_the_project_has_a_history_by_several_people(seed: Seed) -> None:
    commits = await log(seed.repository.path, "main")

    names = {commit.author.name for commit in commits}
    assert names == {"Marta Lind", "Jonas Weber", "Priya Nair", "Rina Sato"}
    assert [c.title for c in commits][-1] == "Read sensor lines"


async def test_two_seeds_are_the_same_commits(seed: Seed, tmp_path: Path) -> None:
    other = await seed_demo(State(tmp_path / "other"))

    assert await refs(other.repository.path) == await refs(seed.repository.path)


async def test_the_verify_commands_are_in_the_repository(seed: Seed, checkout: Checkout) -> None:
    text = (checkout(seed) / ".github/coppice.yml").read_text()

    assert yaml.safe_load(text) == {
        "verify": {"test": "python3 -m pytest -q", "lint": "python3 -m compileall -q src"}
    }


async def test_everybody_has_their_role(seed: Seed, state: State) -> None:
    roles = {name: state.role(seed.repository, user) for name, user in state.people.items()}

    # a public repository is read by strangers too
    assert roles == {
        "maintainer": Role.ADMIN,
        "triager": Role.TRIAGE,
        "reader": Role.READ,
        "stranger": Role.READ,
    }


async def test_three_issues_wait(seed: Seed) -> None:
    titles = [issue.title for issue in seed.repository.issues.values()]

    assert titles == [
        "Night watering never starts",
        "Import stops at `21,5`",
        "Tell me which beds were too cold",
    ]
    assert seed.issue.number == 1
