"""What an agent may do wrong: each is named for what it is, and nothing of it reaches GitHub."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

NOTE = {"write": "NOTES.md", "text": "A note.\n"}
TOKEN = "ghp_" + "k8Jx2LmQ9vRt4WzY7bNc1DfH6gSa3PeU5oIr"
Steps = Sequence[Mapping[str, Json]]


async def tried(town: World, *attempts: Steps, status: str) -> tuple[Json, str]:
    """Let the agent do this on a new issue; answer the run and its one comment."""
    issue = await town.issue()
    town.script(issue, *attempts)
    await town.label(issue)
    run = await town.ended(issue)
    assert run["status"] == status, run
    comment, *_ = await town.said(issue)
    assert run["pull_request"] is None
    return run, comment


async def test_an_agent_that_changes_nothing(town: World) -> None:
    run, comment = await tried(town, [{"say": "I looked around."}], status="failed")

    assert run["error"]["class"] == "no_changes"
    assert "the agent changed no files" in comment
    assert "/coppice retry" in comment


@pytest.mark.parametrize("path", ["../x", ".git/hooks/x", "/etc/cron.d/x"])
async def test_an_agent_that_writes_outside(town: World, path: str) -> None:
    run, comment = await tried(town, [NOTE, {"write": path, "text": "x"}], status="failed")

    assert run["error"]["class"] == "agent_error"
    assert path in run["error"]["message"]
    assert "write" in comment
    assert not list(Path(town.folder).glob("coppice/**/x"))


async def test_a_path_that_is_no_text(town: World) -> None:
    run, comment = await tried(
        town, [NOTE, {"run": "touch \"$(printf 'lat\\377')\""}], status="blocked"
    )

    assert run["error"]["class"] == "rules:path"
    assert "`lat\ufffd`" in run["error"]["message"]
    assert "`lat\ufffd`" in comment


async def test_a_link_out_of_the_tree(town: World) -> None:
    run, comment = await tried(town, [{"link": "users", "to": "/etc/passwd"}], status="blocked")

    assert run["error"]["class"] == "rules:mode"
    assert "leads out of the tree" in comment


async def test_a_nested_repository(town: World) -> None:
    who = "-c user.name=a -c user.email=a@b"
    make = f"git init -q sub && cd sub && echo a > a && git add a && git {who} commit -qm a"
    run, comment = await tried(town, [{"run": make}], status="blocked")

    assert run["error"]["class"] == "rules:mode"
    assert "a repository inside the repository" in comment


async def test_fifty_megabytes(town: World) -> None:
    make = "head -c 50000000 /dev/urandom > big.bin"
    run, comment = await tried(town, [{"run": make}], status="blocked")

    assert run["error"]["class"] == "rules:size"
    assert "50.0 MB" in comment


async def test_a_key_is_named_and_never_repeated(town: World) -> None:
    write = {"write": "settings.py", "text": f'TOKEN = "{TOKEN}"\n'}
    run, comment = await tried(town, [write], status="blocked")

    assert run["error"]["class"] == "rules:secrets"
    assert "settings.py" in comment
    assert TOKEN not in comment
    assert TOKEN not in (town.folder / "serve.log").read_text()
    assert TOKEN not in await town.output("runs", run["id"], "--json")


async def test_a_patch_that_does_not_apply(town: World) -> None:
    patch = "--- a/nowhere.py\n+++ b/nowhere.py\n@@ -1 +1 @@\n-a\n+b\n"
    (town.folder / "scripts" / "bad.diff").write_text(patch)
    run, comment = await tried(town, [{"diff": "bad.diff"}], status="failed")

    assert run["error"]["class"] == "agent_error"
    assert "the patch does not apply" in comment


async def test_no_script_at_all(town: World) -> None:
    issue = await town.issue()
    await town.label(issue)

    run = await town.ended(issue)

    assert (run["status"], run["error"]["class"]) == ("blocked", "no_script")
    assert run["error"]["message"] == "there is no script for this issue"
