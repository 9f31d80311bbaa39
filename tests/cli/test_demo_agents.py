"""`coppice demo --agent`: with the bundled scripted model, and with a model of one's own."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.agent import Role
from bot.agent.runtime import FinishReason, ToolFinished
from bot.cli.demo.model import BUNDLED, SCENARIO
from bot.pipeline.planning import Ground, take
from bot.runs import Plan
from bot.scripted_model import ScriptedModel, load
from tests.agent.loop.bench import bench
from tests.cli.shell import COMMAND, ROOT, coppice, environment, git, played

pytestmark = pytest.mark.slow

ISSUES = (1, 2, 3)
PROMPTS = {
    Role.PLAN: "You plan a change to `acme/greenhouse`.\nThe task is issue #{}. More.",
    Role.IMPLEMENT: "You change files.\nSolve issue #{}. More.",
}


def seed(tree: Path) -> None:
    """Lay out the demo's repository as its last commit has it."""
    history = yaml.safe_load((ROOT / "bot/forge/seed/history.yaml").read_text())
    for commit in history:
        for name, text in commit["files"].items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
    subprocess.run(["git", "-C", tree, "init", "-q"], check=True)


def test_the_loop_needs_no_key_and_says_that_its_model_is_none(tmp_path: Path) -> None:
    state = tmp_path / "state"
    code, found = played("--agent", "loop", "--state", str(state))

    assert (code, found["status"], found["error"]) == (0, "done", None), found
    assert (found["agent"], found["model"], found["attempts"]) == ("loop", BUNDLED, 1)
    assert [each["exit_code"] for each in found["verify"]] == [0, 0]
    assert found["pull_request"]["draft"] is True
    changed = git(
        Path(found["repository"]), "diff", "--stat", "main", found["pull_request"]["head"]
    )
    assert "src/greenhouse/watering.py" in changed
    assert "1 file changed" in changed


def test_people_are_told_whose_words_they_see(tmp_path: Path) -> None:
    done = coppice("demo", "--once", "--agent", "loop", "--state", str(tmp_path / "state"))

    assert "  agent    loop; its model: bundled scripted model, no real one\n" in done.stdout
    assert done.stdout.count("plan                   passed") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--agent", "loop", "--patch", "x"), "--patch is what the scripted agent does"),
        (("--agent", "lop"), "--agent lop: there is no such one; known: loop"),
        (("--agent", "loop", "--repo", str(ROOT), "--base", "HEAD"), "--repo needs a model: set"),
        (("--agent", "loop", "--issue", str(ROOT / "README.md")), "--issue needs a model: set"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(arguments: tuple[str, ...], said: str) -> None:
    done = coppice("demo", "--once", *arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_model_of_ones_own_that_refuses_the_key_ends_it(tmp_path: Path) -> None:
    scenario = {"key": "sk-right", "plays": [{"final": "x"}]}
    (tmp_path / "scenario.yaml").write_text(yaml.safe_dump(scenario))
    arguments = ("demo", "--once", "--json", "--agent", "loop", "--state", tmp_path / "state")
    code, said = asyncio.run(_with_a_model(tmp_path, *map(str, arguments)))
    found = yaml.safe_load(said)

    assert (code, found["status"]) == (1, "blocked"), said
    assert found["model"].startswith("qwen at 127.0.0.1:")
    assert found["error"]["class"] == "model_key"
    assert "sk-wrong-one" not in said


async def _with_a_model(folder: Path, *arguments: str) -> tuple[int, str]:
    async with ScriptedModel(load(folder / "scenario.yaml")) as model:
        own = environment(MODEL_URL=model.url, MODEL="qwen", MODEL_KEY="sk-wrong-one")
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *arguments, env=own, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.parametrize("issue", ISSUES)
async def test_the_bundled_model_solves_each_of_the_demo_s_issues(
    tmp_path: Path, issue: int
) -> None:
    async with bench(tmp_path, load(SCENARIO)) as there:
        seed(there.tree)
        finished = await there.attempt(seconds=60, prompt=PROMPTS[Role.IMPLEMENT].format(issue))

    assert finished.reason is FinishReason.DONE
    assert not finished.message.startswith("I expected")
    failed = [each.title for each in there.of(ToolFinished) if not each.ok]
    assert failed == (["run python3 -m pytest -q tests/test_watering.py"] if issue == 1 else [])
    tested = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=there.tree, check=False)
    assert tested.returncode == 0


@pytest.mark.parametrize("issue", ISSUES)
async def test_its_plans_fit_the_repository_and_what_it_does(tmp_path: Path, issue: int) -> None:
    form: dict[str, Any] = Plan.model_json_schema()
    async with bench(tmp_path, load(SCENARIO)) as there:
        seed(there.tree)
        names = git(there.tree, "ls-files", "--others").splitlines()
        prompt = PROMPTS[Role.PLAN].format(issue)
        finished = await there.attempt(role=Role.PLAN, prompt=prompt, answer=form)

    plan = take(finished.answer, Ground(paths=frozenset(names), most_files=100))
    play = next(each for each in load(SCENARIO).plays if each.match == rf"Solve issue #{issue}\.")
    touched = {step.edit or step.write for step in play.calls} - {None}
    assert touched <= {file.glob for file in plan.files}
