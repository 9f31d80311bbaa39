"""A pipeline is data: other stages in another order run, and no code was written for them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.world import ROOT, World, world

pytestmark = pytest.mark.slow

PIPELINE = """
stages:
  - {name: out, kind: publish, needs: [last-look]}
  - {name: last-look, kind: verify, needs: [guard], back_to: write}
  - {name: guard, kind: rules, needs: [first-look]}
  - {name: first-look, kind: verify, needs: [write], back_to: write}
  - {name: write, kind: implement, needs: [read]}
  - {name: read, kind: snapshot}
"""
CONFIG = "pipeline: other\nverify:\n  test: test -f NOTES.md\n"


@pytest.fixture
async def there(either_database: None, tmp_path: Path) -> AsyncIterator[World]:
    """A service whose house holds one more file: the pipeline."""
    house = tmp_path / "house"
    for room in ("bot", "handlers", "prompts"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, house / room, symlinks=False, ignore=ignored)
    (house / "prompts/pipelines/other.yaml").write_text(PIPELINE)
    async with world(tmp_path, forked=True) as town:
        await town.kill()
        town.port = 0  # what was freed may be taken by now
        await town.serve(house)
        yield town


async def test_a_pipeline_of_other_stages_runs_from_its_file_alone(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    note = {"write": "NOTES.md", "text": "A note.\n"}
    there.script(1, [{"write": "OTHER.md", "text": "no\n"}], [note])
    await there.label(1)

    run = await there.ended(1)

    assert (run["status"], run["pipeline"]) == ("done", "other"), run["error"]
    stages = [(s["name"], s["attempt"], s["status"]) for s in run["stages"]]
    assert [stage for stage in stages if stage[0] != "baseline"] == [
        ("read", 1, "passed"),
        ("write", 1, "passed"),
        ("first-look", 1, "failed"),
        ("write", 2, "passed"),
        ("first-look", 2, "passed"),
        ("guard", 1, "passed"),
        ("last-look", 1, "passed"),
        ("out", 1, "passed"),
    ]
    pull = await there.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["draft"]
    verdicts = {"Coppice", "Coppice / verify", "Coppice / rules"}
    assert set(await there.checks(pull["head"]["sha"])) == verdicts
