"""The command line as a shell sees it: help, exit codes, what goes to which stream."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.tree import COMMANDS, build
from tests.cli.shell import COMMAND, ROOT, coppice, environment


def test_help_lists_every_command_with_examples() -> None:
    done = coppice("--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "examples:" in done.stdout
    assert [name for name in COMMANDS if f"\n    {name}" not in done.stdout] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    done = coppice(name, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"examples:\n  coppice {name}" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("runs", "--limit", "many"),
        ("runs", "--limit", "-1"),
        ("runs", "--follow"),
        ("forge", "--port", "65536"),
        ("serve", "--role", "king"),
        ("redeliver",),
        ("audit", "verify", "--pin", "head"),
        ("clean", "--older", "2d"),
        ("restore",),
        ("move",),
        ("patch",),
        ("demo", "--story", "epic"),
        ("demo", "--agent", "gpt"),
        ("demo", "--repo", "/nonexistent"),
        ("demo", "--base", "main"),
        ("demo", "--patch", "/nonexistent.diff"),
        ("demo", "--issue", "/nonexistent.md"),
        ("demo", "--verify", "a=1", "--verify", "a=2"),
        ("demo", "--verify", "a="),
        ("forge", "--base", "main"),
        ("forge", "--issue", "README.md"),
        ("forge", "--repo", "/nonexistent"),
        ("forge", "--state", ""),
        ("forge", "--state", "README.md"),
        ("forge", "--state", "/proc/0/x"),
        ("forge", "--webhook-url", "example.org/webhook"),
    ],
    ids=" ".join,
)
def test_a_wrong_call_exits_2_and_says_why_on_stderr_alone(arguments: tuple[str, ...]) -> None:
    done = coppice(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr != ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("redeliver",),
        ("backup", "--to"),
        ("support", "--to"),
        ("restore",),
        ("runs",),
        ("workers", "drain"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("nothing", ["", " "])
def test_an_unset_variable_of_a_script_is_named_and_not_taken_for_a_default(
    command: tuple[str, ...], nothing: str, tmp_path: Path
) -> None:
    done = coppice(*command, nothing, DATA_DIR=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "it is empty" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_explained_by_its_command() -> None:
    said = coppice("demo", "--patches", "fix.diff").stderr

    assert "usage: coppice demo" in said
    assert "there is no --patches fix.diff here" in said


def test_an_unknown_story_lists_those_that_there_are() -> None:
    assert "known: fix" in coppice("demo", "--story", "epic").stderr


def test_a_missing_setting_is_named_on_stderr(tmp_path: Path) -> None:
    done = coppice("serve", DATA_DIR=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    for name in ("APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET"):
        assert f"COPPICE_{name} is missing" in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [*COMMAND, "runs", "--json"],
        env=environment(DATA_DIR=tmp_path / "none"),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("command", [("runs", "--json"), ("costs",), ("costs", "--csv")])
@pytest.mark.parametrize(
    ("where", "said"),
    [(">/dev/full", "stdout takes nothing: No space left on device"), (">&-", "stdout is closed")],
)
def test_a_stdout_that_takes_nothing_is_one_line(
    tmp_path: Path, where: str, said: str, command: tuple[str, ...]
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {where}', "sh", *COMMAND, *command],
        env=environment(DATA_DIR=tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"coppice: {said}\n")


def test_a_terminal_that_cannot_show_every_sign_shows_the_rest() -> None:
    done = subprocess.run(
        [*COMMAND, "demo", "--help"],
        env=environment() | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "codex, \\u2026" in done.stdout


def test_every_process_of_the_procfile_is_a_command() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ") for line in lines)

    assert set(processes) == {"web", "worker", "release"}
    for command in processes.values():
        program, *arguments = command.split()
        assert program == ".venv/bin/coppice"
        assert callable(build().parse_args(arguments).call)


def test_help_imports_nothing_heavy() -> None:
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bot", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = {line.rsplit("|", 1)[1].strip() for line in shown.stderr.splitlines() if "|" in line}
    heavy = {"asyncio", "pydantic", "sqlalchemy", "aiohttp", "dbos", "yaml", "json", "logging"}
    assert heavy & loaded == set()
