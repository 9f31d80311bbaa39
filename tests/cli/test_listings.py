"""The listings: what they print for programs, what for people, and what they exit with."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.runs import line_of
from bot.runs import (
    Person,
    Publish,
    RepositoryRef,
    Run,
    RunError,
    RunEvent,
    RunStatus,
    StageRecord,
    StageStatus,
    Trigger,
)
from bot.store import runs
from bot.store.database import Database
from tests.cli.shell import coppice
from tests.store.town import ONE

RUN = Run(
    id="4f9a1c22d0e1",
    repository=RepositoryRef(id=9, full_name="octo/shop", installation_id=3),
    issue=7,
    pipeline="fix",
    agent="scripted",
    publish=Publish.PR,
    status=RunStatus.FAILED,
    error=RunError(stage="verify", kind="test:AssertionError", message="`test` failed"),
    trigger=Trigger(
        delivery="d-1", by=Person(id=1, login="ana"), title="t", body="b", at="2026-01-01T00:00:00Z"
    ),
    created_at=1_767_225_600.0,
    updated_at=1_767_225_660.5,
)
STAGE = StageRecord(
    run_id=RUN.id,
    key="work-1/verify-1",
    name="verify",
    attempt=1,
    status=StageStatus.FAILED,
    started_at=1_767_225_601.0,
    ended_at=1_767_225_602.25,
    error=RunError(stage="verify", kind="test:AssertionError", message="`test` failed"),
)
EVENT = RunEvent(stage="verify", attempt=1, type="command", data={"name": "a\x1b[31mb"})


@pytest.fixture
async def data_dir(either_url: str, tmp_path: Path) -> Path:
    """A data directory in which one run has failed."""
    database = await Database.open(either_url)
    await database.write(lambda c: runs.insert(c, RUN))
    await database.write(lambda c: runs.save_stage(c, STAGE))
    await database.write(lambda c: runs.append_events(c, RUN.id, [EVENT, EVENT], 1_767_225_601.5))
    await database.close()
    return tmp_path


def listed(*arguments: str, data_dir: Path) -> tuple[int, Any]:
    done = coppice(*arguments, "--json", DATA_DIR=data_dir)
    return done.returncode, json.loads(done.stdout)


def test_a_run_is_listed_with_its_stages(data_dir: Path) -> None:
    assert listed("runs", data_dir=data_dir) == (
        0,
        [
            {
                "id": "4f9a1c22d0e1",
                "repository": "octo/shop",
                "issue": 7,
                "pull_request": None,
                "pipeline": "fix",
                "agent": "scripted",
                "status": "failed",
                "following": False,
                "error": {
                    "stage": "verify",
                    "class": "test:AssertionError",
                    "message": "`test` failed",
                },
                "created_at": "2026-01-01T00:00:00.000Z",
                "updated_at": "2026-01-01T00:01:00.500Z",
                "stages": [
                    {
                        "name": "verify",
                        "attempt": 1,
                        "status": "failed",
                        "started_at": "2026-01-01T00:00:01.000Z",
                        "ended_at": "2026-01-01T00:00:02.250Z",
                        "error": {"class": "test:AssertionError", "message": "`test` failed"},
                    }
                ],
                "spend": [],
            }
        ],
    )


def test_six_characters_name_a_run(data_dir: Path) -> None:
    code, found = listed("runs", "4f9a1c", data_dir=data_dir)

    assert (code, [each["id"] for each in found]) == (0, [RUN.id])


@pytest.mark.parametrize("what", ["runs", "deliveries"])
def test_an_unknown_id_is_an_empty_array_and_exit_1(data_dir: Path, what: str) -> None:
    assert listed(what, "0000000000", data_dir=data_dir) == (1, [])


@pytest.mark.parametrize(("what", "noun"), [("runs", "run"), ("deliveries", "delivery")])
def test_people_are_told_that_an_id_is_unknown(data_dir: Path, what: str, noun: str) -> None:
    done = coppice(what, "nonesuch", DATA_DIR=data_dir)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"coppice: there is no {noun} nonesuch; `coppice {what}` lists them\n"


@pytest.mark.parametrize("what", ["runs", "deliveries"])
def test_before_the_first_start_the_list_is_empty_and_nothing_is_made(
    tmp_path: Path, what: str
) -> None:
    assert listed(what, data_dir=tmp_path / "none") == (0, [])
    assert not (tmp_path / "none").exists()


def test_a_timeline_is_an_object_a_line(data_dir: Path) -> None:
    done = coppice("runs", RUN.id, "--events", "--follow", "--json", DATA_DIR=data_dir)

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
    assert lines[0] | {"seq": 0} == {
        "seq": 0,
        "at": "2026-01-01T00:00:01.500Z",
        "stage": "verify",
        "attempt": 1,
        "type": "command",
        "data": {"name": "a\x1b[31mb"},
    }
    assert len(lines) == 2


def test_what_strangers_wrote_does_not_steer_the_terminal(data_dir: Path) -> None:
    done = coppice("runs", RUN.id, "--events", DATA_DIR=data_dir)

    assert "\x1b" not in done.stdout
    assert "\N{REPLACEMENT CHARACTER}[31mb" in done.stdout


def test_people_are_told_what_there_is_and_not_what_there_is_not() -> None:
    told = {"title": "write", "kind": None, "text": "", "arguments": {"path": "a", "n": None}}
    event = RunEvent(stage="implement", attempt=1, type="tool_started", data=told)

    assert line_of(0, event) == (
        "1970-01-01T00:00:00.000Z  implement 1  tool_started"
        '  title=write arguments={"path": "a", "n": null}'
    )


def test_people_see_a_table(data_dir: Path) -> None:
    done = coppice("runs", RUN.id, DATA_DIR=data_dir)

    assert done.stdout.split("\n")[0].split() == [
        *("created", "run", "repository", "issue", "status", "pull", "request", "error")
    ]
    assert "test:AssertionError: `test` failed" in done.stdout


def test_what_is_not_there_cannot_be_redelivered_or_printed(data_dir: Path) -> None:
    for arguments in (("redeliver", "d-9"), ("patch", "0000000000"), ("runs", "0", "--events")):
        done = coppice(*arguments, DATA_DIR=data_dir)

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("coppice: there is no ")


def test_a_run_without_work_has_no_patch(data_dir: Path) -> None:
    done = coppice("patch", RUN.id, DATA_DIR=data_dir)

    assert (done.returncode, done.stdout) == (1, "")
    assert "has no work yet" in done.stderr


def test_the_audit_log_of_a_run_that_is_not_there_says_so(data_dir: Path) -> None:
    unknown = coppice("audit", "--run", "beefbeefbeef", DATA_DIR=data_dir)

    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "coppice: there is no run beefbeefbeef; `coppice runs` lists them\n"
    assert listed("audit", "--run", "beefbeefbeef", data_dir=data_dir) == (1, [])


def test_the_audit_log_of_a_run_to_which_nothing_was_done_is_empty(data_dir: Path) -> None:
    assert listed("audit", "--run", RUN.short_id, data_dir=data_dir) == (0, [])


async def test_a_run_whose_stage_was_edited_by_hand_is_named_beside_the_others(
    either_url: str, data_dir: Path
) -> None:
    other = RUN.model_copy(update={"id": "5f9a1c22d0e1", "issue": 8})
    database = await Database.open(either_url)
    await database.write(lambda c: runs.insert(c, other))
    edit = "UPDATE stages SET status = 'weird'"
    await database.write(lambda c: c.exec_driver_sql(edit))
    await database.close()

    every, one = coppice("runs", DATA_DIR=data_dir), coppice("runs", RUN.id, DATA_DIR=data_dir)

    assert (every.returncode, one.returncode) == (0, 1)
    assert other.id in every.stdout
    for said in (every.stderr, one.stderr):
        assert f"stage work-1/verify-1 of run {RUN.id} cannot be read by this version" in said
        assert "Traceback" not in said


async def test_a_list_with_a_delivery_that_was_edited_by_hand_says_where_to_look(
    either_url: str, data_dir: Path
) -> None:
    database = await Database.open(either_url)
    await database.write(ONE.fill)
    edit = "UPDATE deliveries SET decision = 'weird'"
    await database.write(lambda c: c.exec_driver_sql(edit))
    await database.close()

    said = coppice("deliveries", DATA_DIR=data_dir)

    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("coppice: a row cannot be read by this version: `decision` is")
    assert "coppice verify-store" in said.stderr
