"""A whole service whose agent is a real program: from a label to a draft pull request.

What the program's model says is scripted; forge, service, box and gateway are the real ones.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.agent.profiles import BUILT_IN
from bot.agent.registry import AGENTS
from bot.agent.runtime import Api
from bot.scripted_model import Play, Scenario, ScriptedModel, Step
from tests.real import own_program
from tests.service.world import Json, World, world

OWN = "own"
"""A profile of the operator's own, beside those that Coppice knows."""
NAMES = (*BUILT_IN, OWN)
MODEL = "scripted-model"
SECONDS = 400.0
WORK = (
    Step(write="NOTES.md", text="right\n"),
    Step(shell="grep -c right NOTES.md"),
)
CONFIG = {"verify": {"test": "grep -q right NOTES.md"}, "gate": "never"}
PLAN = {
    "summary": "A note is missing.",
    "steps": [
        {"description": "Write it.", "check": {"command": "test -f NOTES.md", "expected": "0"}}
    ],
    "files": [{"glob": "NOTES.md", "action": "add", "purpose": "the note"}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run of an agent program, and what it left."""

    run: Json
    pull: Json
    """The pull request; None: there is none."""
    roles: tuple[str, ...]
    """Whose calls of the model were written down, in their order."""
    patch: str


@asynccontextmanager
async def serving(
    folder: Path, name: str, *plays: Play, works: tuple[Step, ...] = WORK, **settings: str
) -> AsyncIterator[tuple[World, ScriptedModel]]:
    """Start a service whose one agent is ``name``; ``plays`` come before its usual ones."""
    usual = (
        Play(match="You plan a change", answers=(PLAN,)),
        Play(match="You review a change", answers=({"findings": []},)),
        Play(match="You change files", steps=works),
    )
    async with ScriptedModel(Scenario(model=MODEL, plays=(*plays, *usual))) as model:
        models = folder / "models.yml"
        models.write_text(yaml.safe_dump(_catalogue(name, model.url)))
        given = {
            "COPPICE_AGENT": name,
            "COPPICE_AGENTS_DIR": str(AGENTS),
            "COPPICE_MODELS_FILE": str(models),
            "COPPICE_BOX": "bubblewrap",
        }
        async with world(folder, forked=False, **{**given, **settings}) as town:
            await town.write_file(".github/coppice.yml", yaml.safe_dump(CONFIG))
            yield town, model


async def whole_run(town: World) -> Ended:
    """Label an issue, and wait for what becomes of it."""
    await town.label(1)
    run = await town.ended(1, seconds=SECONDS)
    number = run["pull_request"]
    (listed,) = await town.listed("runs", run["id"])
    return Ended(
        run=run,
        pull=None if number is None else await town.repo("GET", f"/pulls/{number}"),
        roles=tuple(row["role"] for row in listed["spend"]),
        patch=await town.output("patch", run["id"]),
    )


def _catalogue(name: str, url: str) -> Mapping[str, Any]:
    apis = BUILT_IN[name].apis if name in BUILT_IN else {Api.CHAT}
    api = next(api for api in Api if api in apis)
    prefix = "/v1" if api in (Api.CHAT, Api.RESPONSES) else ""
    endpoint = {
        "url": url + prefix,
        "api": api.value,
        "model": MODEL,
        "key": "sk-dummy-of-a-test",
        "price": {"input": 3.0, "output": 15.0},
    }
    found: dict[str, Any] = {"endpoints": {"local": endpoint}, "agents": [name]}
    if name == OWN:
        program = Path(own_program.__file__).read_text().replace("$", "$$")
        found["profiles"] = {
            OWN: {
                "protocol": "headless",
                "argv": ["python3", "-c", program],
                "env": {"MODEL_URL": "${url}/v1/chat/completions", "MODEL": "${model}"},
                "apis": ["chat"],
            }
        }
    return found
