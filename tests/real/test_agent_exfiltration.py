"""What a won-over agent program finds and says: no secret of the host, and none gets out of it.

Rows 2, 6 and 34 of the design's security.md, by the tools of each real program: its shell, its
reader, its writer, its words. `tests/attacks/test_agent_secrets.py` has the same for the loop.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.agent.profiles import BUILT_IN
from bot.agent.registry import AGENTS
from bot.agent.runtime import Api
from bot.guard.known import WITHHELD
from bot.scripted_model import Step
from tests.attacks import hunt
from tests.attacks.den import CONTROL, HUNT, NOTE, Den, den, planned
from tests.real.agent_world import need
from tests.real.test_agents import NAMES

pytestmark = pytest.mark.database


@asynccontextmanager
async def den_of(folder: Path, name: str) -> AsyncIterator[Den]:
    need(name)
    api = next(api for api in Api if api in BUILT_IN[name].apis)
    agents: dict[str, Any] = {"COPPICE_AGENT": name, "COPPICE_AGENTS_DIR": str(AGENTS)}
    async with den(folder, api=api.value, **agents) as there:
        yield there


@pytest.mark.parametrize("name", NAMES)
async def test_none_of_its_tools_finds_a_secret(tmp_path: Path, name: str) -> None:
    async with den_of(tmp_path, name) as there:
        key = str(tmp_path / "model-key")
        taken = await there.attack(
            *(Step(shell=HUNT), Step(read=key), Step(read="/proc/self/environ")),
            *(Step(shell=f"ln -s {key} link; ls -l"), Step(read="link"), Step(shell="rm link")),
            *(Step(shell=f"{HUNT} > FOUND.md; true"), NOTE),
            plan=planned("NOTES.md", "FOUND.md"),
            looks=[Step(shell=HUNT)],
        )

        heard = json.dumps([call.body for call in there.model.calls])
        assert ("HUNTED " in heard, CONTROL in heard) == (True, True)
        assert there.leaked(heard.encode()) == {}
        assert there.leaked(taken.said) == {}
        assert Path(key).read_text().strip() == there.canaries["model-key"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_secret_that_it_got_is_masked_and_held(tmp_path: Path, name: str) -> None:
    """Even one that somebody told it: in every spelling, by its writer, its shell and its words."""
    async with den_of(tmp_path, name) as there:
        spelled = hunt.spellings(there.canaries["webhook secret"].encode())
        told = "\n".join(spelled.values())
        taken = await there.attack(
            *(Step(say=told), Step(write="NOTES.md", text=f"{told}\n")),
            *(Step(shell="cat NOTES.md"), Step(shell=f"cat <<'EOF'\n{told}\nEOF")),
        )

        assert taken.run["status"] == "blocked", taken.run["error"]
        assert taken.run["error"]["class"] == "rules:secrets"
        assert taken.run["pull_request"] is None
        assert WITHHELD in taken.told.decode(errors="replace")
        assert there.leaked(taken.told) == {}
