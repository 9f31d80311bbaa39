"""`coppice demo` in its modes, on repositories that are not as one expects, to the last key."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import COMMAND, coppice, environment, git, played

pytestmark = pytest.mark.slow

TIMINGS = {"accepted_ms", "first_reaction_ms", "first_check_run_ms", "overhead_ms", "total_ms"}
LINES = "".join(f"line {n}\n" for n in range(40))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One commit on `main`."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.txt").write_text("a\n")
    commit(folder)
    return folder


@pytest.fixture
def varied(project: Path) -> Path:
    """A tree with one of everything that git can hold, a submodule that is not there included."""
    (project / "with space").mkdir()
    (project / "with space" / "fi le.txt").write_text("one\n")
    (project / "ünï 日本.txt").write_text("one\n")
    (project / 'a "quote".txt').write_text("one\n")
    (project / "crlf.txt").write_bytes(b"a\r\nb\r\n")
    (project / "latin1.txt").write_bytes(b"caf\xe9\n")
    (project / "no newline").write_text("end")
    (project / "data.bin").write_bytes(bytes(range(256)) * 8)
    (project / "run.sh").write_text("#!/bin/sh\n")
    (project / "run.sh").chmod(0o755)
    (project / "link").symlink_to("run.sh")
    (project / "folder").symlink_to("with space")
    (project / "gone.txt").write_text("gone\n")
    (project / "moves.txt").write_text(LINES)
    (project / "empty").touch()
    (project / ".gitmodules").write_text('[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n')
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    (project / "lib").mkdir()
    commit(project)
    return project


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Begin")


def change_everything(folder: Path) -> None:
    for name in ("with space/fi le.txt", "ünï 日本.txt", 'a "quote".txt', "no newline"):
        (folder / name).write_text("two")
    (folder / "crlf.txt").write_bytes(b"a\r\nc\r\n")
    (folder / "latin1.txt").write_bytes(b"na\xefve\n")
    (folder / "data.bin").write_bytes(bytes(range(255, -1, -1)) * 8)
    (folder / "run.sh").chmod(0o644)
    (folder / "link").unlink()
    (folder / "link").symlink_to("no newline")
    (folder / "gone.txt").unlink()
    (folder / "empty").unlink()
    (folder / "moves.txt").rename(folder / "it moved.txt")
    (folder / "new.sh").write_text("#!/bin/sh\n")
    (folder / "new.sh").chmod(0o755)


def patch(folder: Path) -> tuple[str, str]:
    """Take what was changed as a patch beside the repository; answer it and the wanted tree."""
    git(folder, "add", "-A")
    command = ("git", "-C", str(folder), "diff", "--cached", "--binary", "-M")
    file = folder.parent / "work.diff"
    file.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    tree = git(folder, "write-tree")
    git(folder, "reset", "-q", "--hard")
    return str(file), tree


def simple_patch(project: Path) -> tuple[str, str]:
    (project / "a.txt").write_text("b\n")
    return patch(project)


def play(project: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    state = project.parent / "state"
    return played("--repo", str(project), "--state", str(state), *arguments)


def tree_of(found: dict[str, Any]) -> str:
    head = found["pull_request"]["head_sha"]
    return git(Path(found["repository"]), "rev-parse", f"{head}^{{tree}}")


def test_a_patch_of_everything_becomes_exactly_that_tree(varied: Path) -> None:
    before = git(varied, "show-ref"), git(varied, "status", "--porcelain", "--ignored")
    change_everything(varied)
    file, tree = patch(varied)

    code, found = play(varied, "--patch", file, "--verify", "test -f 'it moved.txt'")

    assert (code, found["status"], tree_of(found)) == (0, "done", tree), found
    assert (git(varied, "show-ref"), git(varied, "status", "--porcelain", "--ignored")) == before
    assert applied(found, varied, ("apply", "--index")) == tree
    assert applied(found, varied, ("am", "-q", "--keep-cr"), "--mbox") == tree


def applied(found: dict[str, Any], project: Path, how: tuple[str, ...], *options: str) -> str:
    """Put what `coppice patch` prints into a clone of the base; answer the tree it gives."""
    clone = project.parent / f"clone-{how[0]}"
    git(project.parent, "clone", "-q", str(project), str(clone))
    data_dir = Path(found["state_dir"]) / "coppice"
    work = subprocess.run(
        [*COMMAND, "patch", found["run"], *options],
        env=environment(DATA_DIR=data_dir),
        capture_output=True,
        check=True,
    )
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com")
    subprocess.run(["git", *who, "-C", clone, *how], input=work.stdout, check=True)
    return git(clone, "write-tree")


@pytest.mark.parametrize("base", ["v1.0", "HEAD~1"])
def test_work_can_begin_at_any_commit_on_a_branch_called_main(project: Path, base: str) -> None:
    file, tree = simple_patch(project)
    git(project, "tag", "-a", "-m", "One", "v1.0")
    git(project, "branch", "-m", "trunk")
    (project / "a.txt").write_text("later\n")
    commit(project)

    code, found = play(project, "--base", base, "--patch", file, "--verify", "grep b a.txt")

    assert (code, tree_of(found)) == (0, tree), found
    assert found["pull_request"]["base"] == "main"


def test_a_bare_repository_on_a_branch_with_a_slash_will_do(project: Path) -> None:
    file, tree = simple_patch(project)
    git(project, "branch", "-m", "release/2.x")
    git(project.parent, "clone", "-q", "--bare", str(project), "bare.git")

    code, found = play(project.parent / "bare.git", "--patch", file, "--verify", "grep b a.txt")

    assert (code, found["pull_request"]["base"], tree_of(found)) == (0, "release/2.x", tree), found


def test_what_commands_leave_behind_is_not_in_the_work(project: Path) -> None:
    file, tree = simple_patch(project)
    verify = "test -f made && mkdir -p node_modules && touch node_modules/x left && echo c > a.txt"

    code, found = play(project, "--patch", file, "--setup", "touch made", "--verify", verify)

    assert (code, tree_of(found)) == (0, tree), found
    assert [each["name"] for each in found["verify"]] == ["setup", "verify-1"]


def test_without_commands_the_work_is_not_verified_and_done(project: Path) -> None:
    file, tree = simple_patch(project)

    code, found = play(project, "--patch", file)

    assert (code, found["status"], found["verify"], tree_of(found)) == (0, "done", [], tree)
    assert {each["name"]: each["conclusion"] for each in found["check_runs"]} == {
        "Coppice": "success",
        "Coppice / rules": "success",
        "Coppice / verify": "neutral",
    }


def test_commands_that_always_fail_end_it_and_the_work_is_kept(project: Path) -> None:
    file, _ = simple_patch(project)

    code, found = play(project, "--patch", file, "--verify", "never=false")

    assert (code, found["status"], found["pull_request"]) == (1, "failed", None), found
    assert (found["error"]["stage"], found["check_runs"]) == ("verify", [])
    assert {(each["name"], each["exit_code"]) for each in found["verify"]} == {("never", 1)}
    data_dir = Path(found["state_dir"]) / "coppice"
    assert "\n-a\n+b\n" in coppice("patch", found["run"], DATA_DIR=data_dir).stdout


def test_a_command_is_told_with_the_attempt_that_it_judged(project: Path) -> None:
    file, _ = simple_patch(project)
    broken = project.parent / "broken.diff"
    broken.write_text("this is no patch\n")

    code, found = play(project, "--patch", str(broken), "--patch", file, "--verify", "true")

    assert (code, found["attempts"]) == (0, 2), found
    assert [(each["attempt"], each["exit_code"]) for each in found["verify"]] == [(2, 0)]


def test_every_key_has_its_shape(project: Path) -> None:
    file, _ = simple_patch(project)

    _, found = play(project, "--patch", file, "--verify", "grep b a.txt", "--story", "fix")

    api = json.loads((Path(found["state_dir"]) / "forge.json").read_text())
    pages = f"{api['html_url']}/{api['repository']}"
    pull_request, verify = found["pull_request"], found["verify"]
    assert set(pull_request) == {"number", "url", "draft", "head", "base", "head_sha"}
    assert found["issue_url"] == f"{pages}/issues/1"
    assert pull_request["url"] == f"{pages}/pull/{pull_request['number']}"
    assert [set(each) for each in found["check_runs"]] == [{"name", "conclusion", "url"}] * 3
    assert all(each["url"].startswith(f"{pages}/runs/") for each in found["check_runs"])
    assert [set(each) for each in verify] == [
        {"attempt", "name", "command", "exit_code", "seconds"}
    ]
    assert (verify[0]["command"], type(verify[0]["seconds"])) == ("grep b a.txt", float)
    assert found["box"]["level"] in (3, 2, 0)
    assert {type(found[key]) for key in ("attempts", "comments", "effects")} == {int}
    assert (found["story"], [step["ok"] for step in found["steps"]]) == ("fix", [True] * 3)
    assert all(set(step) == {"did", "saw", "ok"} for step in found["steps"])


def test_its_times_fit_together(project: Path) -> None:
    file, _ = simple_patch(project)

    _, found = play(project, "--patch", file, "--verify", "sleep 1")

    times = found["timings"]
    assert set(times) == TIMINGS
    assert {type(each) for each in times.values()} == {int}
    assert 0 <= times["accepted_ms"] <= times["first_check_run_ms"] <= times["total_ms"]
    assert 0 <= times["first_reaction_ms"] <= times["total_ms"]
    # `sleep 1` ran on the base, too
    assert 0 <= times["overhead_ms"] <= times["total_ms"] - 2000


WRONG = (
    ("--nope",),
    ("--repo", "{here}/nowhere"),
    ("--repo", "{here}/shallow"),
    ("--repo", "{here}/partial"),
    ("--repo", "{here}/project", "--base", "v9"),
    ("--base", "main"),
    ("--issue", "{here}/nowhere.md"),
    ("--patch", "{here}/nowhere.diff"),
    ("--patch", "{here}"),
    ("--verify", " "),
    ("--verify", "a=true", "--verify", "a=false"),
    ("--agent", "nobody"),
    ("--story", "nothing"),
    ("--state", "{here}"),
)


@pytest.fixture
def clones(project: Path) -> Path:
    git(project, "config", "uploadpack.allowFilter", "true")
    url = project.as_uri()
    (project / "a.txt").write_text("b\n")
    commit(project)
    git(project.parent, "clone", "-q", "--depth", "1", url, "shallow")
    git(project.parent, "clone", "-q", "--filter=blob:none", url, "partial")
    return project.parent


def test_a_wrong_option_is_named_and_nothing_is_on_stdout(clones: Path) -> None:
    for words in WRONG:
        arguments = [word.format(here=clones) for word in words]
        done = coppice("demo", "--json", *arguments)

        assert (done.returncode, done.stdout) == (2, ""), words
        assert done.stderr.startswith(("coppice: ", "usage: coppice")), done.stderr
        assert words[-1].format(here=clones) in done.stderr or words[0] in done.stderr


def test_a_repository_whose_rules_cannot_be_read_is_told_why_at_once(project: Path) -> None:
    (project / ".github").mkdir()
    (project / ".github" / "coppice.yml").write_text("verfy: {test: pytest}\n")
    commit(project)

    code, found = play(project)

    assert (code, found["status"], found["run"]) == (1, "failed", None)
    assert "the label started no run: " in found["error"]["message"]
    assert "`verfy`" in found["error"]["message"]
