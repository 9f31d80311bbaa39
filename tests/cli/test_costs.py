"""`coppice costs`: for people, for programs and for spreadsheets."""

import json
import time
from pathlib import Path

import pytest

from bot.cli.costs import moment_of
from bot.errors import OperatorError
from bot.runs import RunStatus, Stop
from bot.store import calls, runs
from bot.store.calls import CallStatus
from bot.store.database import Database
from tests.cli.shell import coppice
from tests.store.rows import a_run
from tests.store.test_calls import a_call


@pytest.fixture
async def data_dir(either_url: str, tmp_path: Path) -> Path:
    """Two runs have spent something today, one of them was merged; a third did long ago."""
    database = await Database.open(either_url)
    now = time.time()
    stop = Stop(by="ana", reason="merged", kind="closed", merged=True)
    merged = a_run("aaaaaa1", status=RunStatus.DONE, pull_request=3, stop=stop)
    made = (
        a_call(run_id="aaaaaa1", started_at=now, usd=1.5),
        a_call(run_id="bbbbbb2", started_at=now, usd=0.5, repository="=evil()/x"),
        a_call(run_id="cccccc3", started_at=now - 40 * 86400, usd=9.0),
        a_call(run_id="bbbbbb2", started_at=now, usd=None, repository="=evil()/x"),
    )
    await database.write(lambda c: runs.insert(c, merged))
    for call in made:
        await database.write(lambda c, call=call: calls.insert(c, call))  # type: ignore[misc]
    await database.close()
    return tmp_path


def test_costs_are_listed_for_programs(data_dir: Path) -> None:
    done = coppice("costs", "--json", DATA_DIR=data_dir)

    found = json.loads(done.stdout)
    assert [(row["repository"], row["runs"], row["usd"], row["unpriced"]) for row in found] == [
        ("octo/shop", 1, 1.5, 0),
        ("=evil()/x", 1, 0.5, 1),
    ]
    assert done.returncode == 0


def test_a_merged_pull_request_has_a_price(data_dir: Path) -> None:
    shown = coppice("costs", "--by", "outcome", DATA_DIR=data_dir).stdout
    found = json.loads(coppice("costs", "--by", "outcome", "--json", DATA_DIR=data_dir).stdout)

    assert {row["outcome"]: row["usd_per_merge"] for row in found} == {"merged": 2.0, "none": None}
    assert "$2.00 for each merged pull request" in shown
    assert "$0.50 + 1 call at an unknown price" in shown


def test_a_spreadsheet_takes_no_name_for_a_formula(data_dir: Path) -> None:
    done = coppice("costs", "--since", "52w", "--csv", DATA_DIR=data_dir)

    lines = done.stdout.splitlines()
    assert lines[0].startswith("repository,runs,calls,input_tokens,")
    assert [line.split(",")[0] for line in lines[1:]] == ["octo/shop", "'=evil()/x"]


async def test_a_call_that_reached_no_model_is_no_call_of_nothing(
    either_url: str, tmp_path: Path
) -> None:
    database = await Database.open(either_url)
    lost = a_call(
        status=CallStatus.FAILED, input_tokens=0, output_tokens=0, usd=0.0, started_at=time.time()
    )
    made = [lost.model_copy(update={"model": "down"}), lost, a_call(started_at=time.time())]
    for call in made:
        await database.write(lambda c, call=call: calls.insert(c, call))  # type: ignore[misc]
    await database.close()

    shown = coppice("costs", "--by", "model", DATA_DIR=tmp_path).stdout
    found = json.loads(coppice("costs", "--by", "model", "--json", DATA_DIR=tmp_path).stdout)

    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert lines["down"].endswith("no answer")
    assert lines["small"].endswith("$0.50 + 1 call without an answer")
    assert {row["model"]: row["unanswered"] for row in found} == {"down": 1, "small": 1}


def test_one_form_at_a_time(data_dir: Path) -> None:
    done = coppice("costs", "--json", "--csv", DATA_DIR=data_dir)

    assert (done.returncode, done.stdout) == (2, "")
    assert "--csv: not allowed with argument --json" in done.stderr


def test_without_a_database_nothing_was_spent(tmp_path: Path) -> None:
    done = coppice("costs", "--json", DATA_DIR=tmp_path)

    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_an_empty_table_has_the_same_columns(data_dir: Path) -> None:
    words = ("costs", "--by", "outcome", "--csv", "--since")
    some = coppice(*words, "30d", DATA_DIR=data_dir).stdout
    none = coppice(*words, "2999-01-01", DATA_DIR=data_dir).stdout

    assert none.splitlines() == some.splitlines()[:1]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12h", 1e9 - 43200),
        ("30d", 1e9 - 2_592_000),
        ("2001-09-08", 999_907_200.0),
        ("2001-09-08T02:00+02:00", 999_907_200.0),
    ],
)
def test_a_moment_is_read(text: str, moment: float) -> None:
    assert moment_of(text, 1e9) == moment


@pytest.mark.parametrize("text", ["", "30", "30x", "yesterday", "-1d"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(OperatorError, match="write it as 12h"):
        moment_of(text, 1e9)
