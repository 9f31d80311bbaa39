"""Runs that were recorded by an earlier release go on with today's code, step for step."""

import json
from pathlib import Path

import pytest

from tests.engine.replaying import RECORDED, Rows, acts, end_of, engine, load, migrated, stop

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_run_goes_on_with_todays_code(recorded: Path, tmp_path: Path) -> None:
    rows: Rows = json.loads(recorded.read_text())
    file = tmp_path / "engine.sqlite"
    made, done = acts()
    await migrated(file)
    parents = load(file, rows)

    async with engine(file, made):
        for flow in parents:
            await stop(flow)
        ends = {flow: await end_of(flow) for flow in parents}

    for flow, (status, names) in ends.items():
        mine = [r for r in rows["operation_outputs"] if r["workflow_uuid"] == flow]
        assert (flow, status) == (flow, "SUCCESS")
        assert names.items() >= {r["function_id"]: r["function_name"] for r in mine}.items()
    waited = [flow for flow, row in parents.items() if row["status"] == "PENDING"]
    assert len(waited) == done.count("notify") > 0  # each said its last word
