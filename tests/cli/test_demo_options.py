"""What `coppice demo` makes of its options, before anything starts."""

import os
import subprocess
from argparse import Namespace
from pathlib import Path

import pytest
import yaml

from bot.cli.demo import inputs, options
from bot.cli.issue_file import Issue
from bot.cli.tree import build
from bot.errors import OperatorError


def parsed(*arguments: str) -> options.Options:
    given: Namespace = build().parse_args(["demo", *arguments])
    return options.read(given)


def test_without_a_terminal_it_ends_with_the_run() -> None:
    assert parsed().once


def test_commands_keep_their_order_and_names_and_setup_is_first() -> None:
    given = parsed(
        *("--verify", "pytest -q", "--verify", "lint=ruff check", "--verify", "PYTHONPATH=. true"),
        *("--setup", "make deps"),
    )

    assert list(given.verify.items()) == [
        ("setup", "make deps"),
        ("verify-1", "pytest -q"),
        ("lint", "ruff check"),
        ("verify-3", "PYTHONPATH=. true"),
    ]


def test_the_configuration_file_holds_the_commands_in_order(tmp_path: Path) -> None:
    given = parsed("--verify", "z=one", "--verify", "a=two", "--setup", "three")

    written = inputs.write_configuration(given, tmp_path / "coppice.yml")

    assert written is not None
    assert list(yaml.safe_load(written.read_text())["verify"].items()) == [
        ("setup", "three"),
        ("z", "one"),
        ("a", "two"),
    ]


def test_without_commands_the_repository_decides(tmp_path: Path) -> None:
    assert inputs.write_configuration(parsed(), tmp_path / "coppice.yml") is None


def test_patches_become_the_attempts_in_order(tmp_path: Path) -> None:
    names = ("fix.diff", "é 2\n\udcff.diff")
    for name in names:
        (tmp_path / name).write_text(f"--- {name[:3]}")
    patches = [word for name in names for word in ("--patch", str(tmp_path / name))]
    given = parsed(*patches)

    scripts = inputs.write_scripts(given, tmp_path / "scripts")
    assert scripts is not None
    inputs.write_script(given, scripts, 4)

    assert yaml.safe_load((scripts / "4.yaml").read_text()) == {
        "attempts": [[{"diff": "1-fix.diff"}], [{"diff": "2-__2__.diff"}]]
    }
    assert (scripts / "2-__2__.diff").read_text() == "--- é 2"


def test_an_issue_file_is_a_title_and_a_body(tmp_path: Path) -> None:
    file = tmp_path / "issue.md"
    file.write_text("# It breaks\n\nWhen empty.\n\nAlways.\n")

    assert parsed("--issue", str(file)).issue == Issue(
        title="It breaks", body="When empty.\n\nAlways."
    )


@pytest.mark.parametrize("text", ["", "It breaks", "#", "## Deeper\n", "\n\nbody"])
def test_an_issue_file_without_a_title_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "issue.md"
    file.write_text(text)

    with pytest.raises(OperatorError, match="first line must be"):
        parsed("--issue", str(file))


@pytest.mark.parametrize("text", [f"# {'t' * 257}", f"# Title\n\n{'b' * 65_537}"])
def test_an_issue_that_github_would_not_take_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "issue.md"
    file.write_text(text[:-1])
    assert parsed("--issue", str(file)).issue is not None
    file.write_text(text)

    with pytest.raises(OperatorError, match=r"and GitHub takes [0-9,]+ at most"):
        parsed("--issue", str(file))


def test_an_issue_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "issue.md"
    file.write_bytes(b"# \xff\xfe")

    with pytest.raises(OperatorError, match="not UTF-8"):
        parsed("--issue", str(file))


def test_work_begins_at_the_branch_that_is_checked_out(tmp_path: Path) -> None:
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com")
    for words in (
        ("init", "-q", "-b", "trunk"),
        (*who, "commit", "-q", "--allow-empty", "-m", "Begin"),
        ("tag", "v1.0"),
    ):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)

    assert parsed("--repo", str(tmp_path)).base == "trunk"
    assert parsed("--repo", str(tmp_path), "--base", "v1.0").base == "v1.0"
    with pytest.raises(OperatorError, match="v2 is not a commit of"):
        parsed("--repo", str(tmp_path), "--base", "v2")
    linked = ("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    subprocess.run(["git", "-C", tmp_path, *linked], check=True)
    assert parsed("--repo", str(tmp_path / "linked")).base == "side"


def test_a_folder_of_a_repository_is_told_from_the_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "docs").mkdir()

    with pytest.raises(OperatorError, match=f"git repository; it lies in {tmp_path}, which is one"):
        parsed("--repo", str(tmp_path / "docs"))


def test_an_issue_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """As editors on Windows write it."""
    file = tmp_path / "issue.md"
    file.write_bytes(b"\xef\xbb\xbf# A title\r\n\r\nThe body.\r\n")

    issue = parsed("--issue", str(file)).issue

    assert issue is not None
    assert (issue.title, issue.body) == ("A title", "The body.")


@pytest.mark.parametrize("option", ["repo", "base", "issue", "setup", "state"])
def test_an_empty_value_is_not_taken_for_none(option: str) -> None:
    with pytest.raises(OperatorError, match=f"--{option} is empty"):
        parsed(f"--{option}", "")


@pytest.mark.parametrize("option", ["verify", "setup"])
def test_a_command_that_is_no_text_is_refused(option: str) -> None:
    with pytest.raises(OperatorError, match=rf"--{option} 'echo \\udcff' is not UTF-8"):
        parsed(f"--{option}", os.fsdecode(b"echo \xff"))


def test_a_state_directory_must_be_empty(tmp_path: Path) -> None:
    assert parsed("--state", str(tmp_path)).state == tmp_path

    (tmp_path / "something").touch()
    for taken in (tmp_path, tmp_path / "something", tmp_path / "something" / "below"):
        with pytest.raises(OperatorError, match="not an empty directory"):
            parsed("--state", str(taken))
    with pytest.raises(OperatorError, match="is not UTF-8"):
        parsed("--state", os.fsdecode(bytes(tmp_path) + b"/\xff"))
    with pytest.raises(OperatorError, match="--state /proc/0/x: No such file"):
        parsed("--state", "/proc/0/x")
