"""Listings on terminals of all widths, in other encodings, and into pipes that close."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.cli import output
from bot.runs import Person, Publish, RepositoryRef, Run, RunError, RunStatus, Trigger
from bot.store import runs
from bot.store.database import Database
from tests.cli.shell import COMMAND, coppice, environment

WIDE = "測試失敗 🚀"
ERRORS = (None, WIDE, "cafe\u0301 closed", "`test` failed")


@pytest.fixture
async def data_dir(either_url: str, tmp_path: Path) -> Path:
    """A data directory with four runs."""

    def fill(c: Connection) -> None:
        for n, message in enumerate(ERRORS):
            runs.insert(c, failed_or_done(n, message))

    database = await Database.open(either_url)
    await database.write(fill)
    await database.close()
    return tmp_path


def failed_or_done(n: int, message: str | None) -> Run:
    error = RunError(stage="verify", kind="test:X", message=message) if message else None
    ana = Person(id=1, login="ana")
    return Run(
        id=f"4f9a1c22d0e{n}",
        repository=RepositoryRef(id=9, full_name="octo/shop", installation_id=3),
        issue=7 + n,
        pipeline="fix",
        agent="scripted",
        publish=Publish.PR,
        status=RunStatus.FAILED if error else RunStatus.DONE,
        error=error,
        trigger=Trigger(delivery=f"d-{n}", by=ana, title="t", body="b", at="2026-01-01T00:00:00Z"),
        created_at=1_767_225_600.0 + n,
        updated_at=1_767_225_660.5,
    )


def on_a_terminal(columns: int, *arguments: str, data_dir: Path) -> list[str]:
    """The lines that a command writes to a terminal of this width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    given = environment(DATA_DIR=data_dir) | {"NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen([*COMMAND, *arguments], stdout=theirs, env=given):
        os.close(theirs)
        said = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # as Linux says that nobody writes there any more
                break
            if not some:
                break
            said += some
    os.close(ours)
    return said.decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [40, 60])
def test_on_a_narrow_terminal_each_cell_has_its_line(data_dir: Path, columns: int) -> None:
    lines = on_a_terminal(columns, "runs", data_dir=data_dir)

    assert lines[:7] == [
        "created       2026-01-01T00:00:03.000Z",
        "run           4f9a1c22d0e3",
        "repository    octo/shop",
        "issue         #10",
        "status        failed",
        "error         `test` failed",
        "",
    ]
    assert lines[-1] == "status        done"
    assert max(map(len, lines)) <= 40


@pytest.mark.parametrize("columns", [0, 120])
def test_where_there_is_room_it_is_a_table(data_dir: Path, columns: int) -> None:
    lines = on_a_terminal(columns, "runs", data_dir=data_dir)

    assert lines[0].split()[:3] == ["created", "run", "repository"]
    assert len(lines) == 1 + len(ERRORS)


def test_a_program_gets_a_table_however_wide(data_dir: Path) -> None:
    done = coppice("runs", DATA_DIR=data_dir)

    assert [line.count("octo/shop") for line in done.stdout.splitlines()] == [0, 1, 1, 1, 1]


def test_columns_stand_below_each_other_whatever_the_signs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.table(("a", "b"), [(WIDE, 1), ("cafe\u0301", 2), ("plain", 3)])

    assert capsys.readouterr().out.splitlines() == [
        "a            b",
        f"{WIDE}  1",
        "cafe\u0301         2",
        "plain        3",
    ]


def test_a_terminal_without_their_signs_gets_them_written_out(data_dir: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    given = environment(DATA_DIR=data_dir) | plain
    command = [*COMMAND, "runs"]

    done = subprocess.run(command, env=given, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u6e2c\u8a66\u5931\u6557 \U0001f680" in done.stdout
    assert done.stdout.isascii()


def test_a_reader_that_has_enough_ends_it_silently(data_dir: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)

    with os.fdopen(theirs, "wb") as closed:
        done = subprocess.run(
            [*COMMAND, "runs"],
            env=environment(DATA_DIR=data_dir),
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments", [("runs",), ("deliveries",), ("redeliver",), ("patch",), ("audit", "--run")]
)
def test_a_name_that_is_no_text_is_a_usage_error(
    data_dir: Path, arguments: tuple[str, ...]
) -> None:
    done = coppice(*arguments, os.fsdecode(b"\xff4f9a"), DATA_DIR=data_dir)

    assert (done.returncode, done.stdout) == (2, "")
    assert r"'\udcff4f9a' is not UTF-8" in done.stderr
