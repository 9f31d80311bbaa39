"""DBOS is loaded without what it rarely needs, and finds all of it when it does."""

import subprocess
import sys

import pytest

from bot.engine.durable.lean import SPARED, load

pytestmark = pytest.mark.slow


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_service_on_sqlite_loads_no_driver_and_no_orm() -> None:
    program = f"import bot.cli.service, sys; print([m for m in {SPARED} if m in sys.modules])"
    assert run(program).strip() == "[]"


def test_what_was_left_out_is_there_when_dbos_calls_it() -> None:
    program = (
        "import bot.engine.durable.system\n"
        "from dbos import _serialization, _scheduler\n"
        "print(_serialization.isoparse('2026-11-21').year)\n"
        "print(_scheduler.croniter.is_valid('* * * * *'))"
    )
    assert run(program).split() == ["2026", "True"]


def test_dbos_knows_an_error_of_the_driver_once_somebody_has_loaded_it() -> None:
    program = (
        "import bot.engine.durable.system\n"
        "from dbos import _utils\n"
        "from sqlalchemy.exc import DBAPIError\n"
        "def lost():\n"
        "    import psycopg\n"
        "    error = psycopg.OperationalError('server closed the connection unexpectedly')\n"
        "    return DBAPIError('', {}, error)\n"
        "print(_utils.retriable_postgres_exception(DBAPIError('', {}, OSError())))\n"
        "print(_utils.retriable_postgres_exception(lost()))"
    )
    assert run(program).split() == ["False", "True"]


def test_whoever_imports_a_spared_module_afterwards_gets_the_real_one() -> None:
    program = (
        "import bot.engine.durable.system\n"
        "import psycopg, sqlalchemy.orm, click\n"
        "print(psycopg.__version__ > '3', sqlalchemy.orm.Session.__module__, click.echo.__name__)"
    )
    assert run(program).split() == ["True", "sqlalchemy.orm.session", "echo"]


def test_a_module_that_is_loaded_already_has_no_stand_in() -> None:
    before = sys.modules["sqlalchemy"]
    load("json", spared=("sqlalchemy",))
    assert sys.modules["sqlalchemy"] is before


def test_stand_ins_go_away_where_loading_fails() -> None:
    with pytest.raises(ModuleNotFoundError):
        load("no_such_module", spared=("no_such_library",))
    assert "no_such_library" not in sys.modules
