"""Each agent program drives whole runs: a label, a plan, work, a review, a draft pull request.

An operator's own profile is one of them. Without RUNS it is that one and Codex, as in CI;
`make real RUNS=20` does all, so often, and writes down in docs/agents.md how many there were.
"""

import os
from pathlib import Path

import pytest

from tests.real.agent_service import NAMES, OWN, serving, whole_run
from tests.real.agent_world import need
from tests.real.counting import RUN, counting

pytestmark = pytest.mark.database

RUNS = int(os.environ.get("RUNS") or 0)
TRIED = NAMES if RUNS else ("codex", "codex-headless", OWN)


@pytest.mark.parametrize("n", range(RUNS or 1))
@pytest.mark.parametrize("name", TRIED)
async def test_it_drives_a_run_to_a_draft_pull_request(
    tmp_path: Path, request: pytest.FixtureRequest, name: str, n: int
) -> None:
    if name != OWN:
        need(name)

    async with serving(tmp_path, name) as (town, _):
        with counting(request, RUN, name):
            ended = await whole_run(town)

    assert ended.run["status"] == "done", ended.run["error"]
    assert ended.run["agent"] == name
    assert (ended.pull["draft"], ended.pull["state"]) == (True, "open")
    assert "Box: bubblewrap" in ended.pull["body"]
    assert ended.roles == ("plan", "implement", "review")
    assert "+right" in ended.patch
