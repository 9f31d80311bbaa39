"""What a newer release has left waits for it, unharmed, where this one cannot go on with it."""

import asyncio
import json
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from dbos import DBOS

from bot.engine.durable import system
from bot.errors import Unreadable
from bot.runs import Json
from tests.engine.replaying import RECORDED, Rows, Stopped, acts, engine, load, migrated

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]


class Unread(Stopped):
    """Acts that meet a row that another release has written."""

    async def open(self, run_id: str) -> Json:
        raise Unreadable(f"run {run_id}", "`status` is not what Coppice writes")


async def until_said(caplog: pytest.LogCaptureFixture, words: str, times: int) -> None:
    async with asyncio.timeout(150):
        while sum(words in record.getMessage() for record in caplog.records) < times:
            await asyncio.sleep(0.05)


async def test_a_run_that_did_steps_unknown_here_is_not_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows: Rows = json.loads(RECORDED[-1].read_text())
    for row in rows["operation_outputs"]:
        if row["function_id"] == 2:
            row["function_name"] = "of a newer release"
    file = tmp_path / "engine.sqlite"
    await migrated(file)
    parents = load(file, rows)
    made, done = acts()

    with caplog.at_level(logging.ERROR):
        async with engine(file, made):
            await until_said(caplog, "another release of Coppice", len(parents))
            states = {flow: await DBOS.get_workflow_status_async(flow) for flow in parents}

    assert {state.status for state in states.values() if state} == {"PENDING"}
    assert done == []


async def test_a_workflow_that_only_a_newer_release_knows_waits_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows: Rows = json.loads(RECORDED[-1].read_text())
    file = tmp_path / "engine.sqlite"
    await migrated(file)
    parents = load(file, rows)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE workflow_status SET name = 'newer' WHERE name = 'run'")
    made, done = acts()
    system.quieten()

    with caplog.at_level(logging.ERROR):
        async with engine(file, made, log_level="WARNING"):
            await until_said(caplog, "another release of Coppice", len(parents))
            states = {flow: await DBOS.get_workflow_status_async(flow) for flow in parents}

    assert {state.status for state in states.values() if state} == {"PENDING"}
    said = " ".join(record.getMessage() for record in caplog.records)
    assert [flow for flow in parents if flow not in said] == []
    assert done == []


async def test_a_step_that_meets_a_row_it_cannot_read_is_not_the_end_of_its_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows: Rows = json.loads(RECORDED[-1].read_text())
    file = tmp_path / "engine.sqlite"
    await migrated(file)
    rows["operation_outputs"] = []
    parents = load(file, rows)
    made, done = acts()
    unread = Unread(**{name: getattr(made, name) for name in Stopped.__dataclass_fields__})
    object.__setattr__(unread, "done", done)
    object.__setattr__(unread, "asked", True)

    with caplog.at_level(logging.ERROR):
        async with engine(file, unread):
            await until_said(caplog, "the run waits: run", 1)
            states = {flow: await DBOS.get_workflow_status_async(flow) for flow in parents}

    assert {state.status for state in states.values() if state} == {"PENDING"}
    assert not any(word.startswith("finish") for word in done)
