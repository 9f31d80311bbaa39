"""`coppice try`: an issue of another forge, in the place of GitHub's, which is only read."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.scripted_model import Scenario, ScriptedModel
from tests.service.test_models import PLANS, REVIEWS, RIGHT
from tests.service.world import ROOT, Json, Program

pytestmark = pytest.mark.slow

ISSUE = "https://github.com/acme/shop/issues/7"
VERIFY = "test -f NOTES.md"


@asynccontextmanager
async def somewhere(folder: Path) -> AsyncIterator[Program]:
    """A forge with the demo's repository, which plays GitHub."""
    state = folder / "github"
    arguments = ("forge", "--json", "--state", str(state), "--seed", "demo")
    forge = await Program.start(folder / "github.log", arguments, {})
    try:
        yield forge
    finally:
        await forge.kill()


async def tried(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "try", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
    )
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def asked(url: str) -> Json:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json()


def page(forge: Program) -> str:
    ready = forge.ready
    return f"{ready['html_url']}/{ready['repository']}/issues/1"


def token(forge: Program, folder: Path) -> str:
    file = folder / "token"
    file.write_text(str(forge.ready["users"]["reader"]["token"]))
    return str(file)


async def test_a_real_issue_goes_the_whole_way_and_github_is_only_read(tmp_path: Path) -> None:
    out = tmp_path / "work.patch"
    async with (
        somewhere(tmp_path) as github,
        ScriptedModel(Scenario(plays=(PLANS, REVIEWS, RIGHT))) as model,
    ):
        before = await asked(f"{github.ready['html_url']}/_forge/writes")
        code, said, errors = await tried(
            tmp_path,
            page(github),
            *("--api", str(github.ready["api_url"]), "--token-file", token(github, tmp_path)),
            *("--model", f"{model.url}/v1", "--budget", "0.50", "--verify", VERIFY),
            *("--output", str(out), "--json"),
        )
        after = await asked(f"{github.ready['html_url']}/_forge/writes")

    assert code == 0, errors
    result = json.loads(said)
    assert (result["status"], result["agent"]) == ("done", "loop")
    assert result["plan"]["summary"] == "A note is missing."
    assert [(row["base"], row["head"]) for row in result["verify"]] == [("exit 1", "exit 0")]
    assert "+right" in result["diff"]
    assert "+right" in out.read_text()
    assert {row["role"] for row in result["spend"]} == {"plan", "implement", "review"}
    assert after == before


async def test_people_read_plan_columns_difference_and_cost(tmp_path: Path) -> None:
    async with (
        somewhere(tmp_path) as github,
        ScriptedModel(Scenario(plays=(PLANS, REVIEWS, RIGHT))) as model,
    ):
        code, said, errors = await tried(
            tmp_path,
            page(github),
            *("--api", str(github.ready["api_url"]), "--token-file", token(github, tmp_path)),
            *("--verify", VERIFY, "--output", str(tmp_path / "x.patch")),
            COPPICE_MODEL_URL=f"{model.url}/v1",
            COPPICE_MODEL="scripted-model",
        )

    assert code == 0, errors
    for shown in ("nothing is written to GitHub", "A note is missing.", "+right", "Cost: "):
        assert shown in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("https://github.com/acme/shop/pull/7",), "is no issue: write https://github.com/"),
        (("nonsense",), "is no issue"),
        (("https://github.com/acme/shop/issues/7",), "which model?"),
        ((ISSUE, "--model", "x"), "--model x: "),
        ((ISSUE, "--model", "http://127.0.0.1:9/v1"), "nobody answers at http://127.0.0.1:9/v1"),
        (
            (ISSUE, "--model", "http://127.0.0.1:9", "--name", "m", "--output", "/nowhere/x.patch"),
            "--output /nowhere/x.patch cannot be written",
        ),
        ((ISSUE, "--model", "http://127.0.0.1:9", "--name", "m", "--budget", "lots"), "--budget: "),
        ((ISSUE, "--model", "http://127.0.0.1:9", "--name", "m", "--state", "/"), "--state /"),
    ],
)
async def test_a_wrong_argument_is_named(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, out, errors = await tried(tmp_path, *arguments)

    assert (code, out) == (2, "")
    assert said in errors


async def test_an_issue_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with somewhere(tmp_path) as github:
        url = f"{github.ready['html_url']}/{github.ready['repository']}/issues/999"
        code, _, errors = await tried(
            tmp_path,
            url,
            *("--api", str(github.ready["api_url"]), "--token-file", token(github, tmp_path)),
            *("--model", "http://127.0.0.1:9/v1", "--name", "m"),
        )

    assert code == 2
    assert "answers 404" in errors


async def test_a_model_that_is_down_is_said_before_anything_is_started(tmp_path: Path) -> None:
    async with somewhere(tmp_path) as github:
        code, out, errors = await tried(
            tmp_path,
            page(github),
            *("--api", str(github.ready["api_url"]), "--token-file", token(github, tmp_path)),
            *("--model", "http://127.0.0.1:9/v1", "--name", "m"),
        )

    assert (code, out) == (2, "")
    assert "the model endpoint is down: `default` (127.0.0.1:9): connection refused" in errors
