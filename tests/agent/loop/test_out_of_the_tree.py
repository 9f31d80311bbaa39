"""Attacks: paths and links that lead out of the worktree, by every tool that takes a path."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.agent.loop.tree import NotAllowed, Tree
from tests.agent.loop.calls import call

pytestmark = pytest.mark.slow

SECRET = "canary-7f3a"
WITH_PATH: tuple[tuple[str, dict[str, Any]], ...] = (
    ("read", {}),
    ("write", {"text": "owned"}),
    ("edit", {"old": "canary", "new": "owned"}),
    ("search", {"pattern": "canary|root"}),
    ("list", {}),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A worktree, and beside it what belongs to others."""
    folder, other = tmp_path / "tree", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (other / "secret").write_text(SECRET)
    (folder / ".git").write_text("gitdir: /git\n")
    (folder / "sub").mkdir()
    (folder / "sub/.GIT").mkdir()
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "outside").symlink_to("../other")
    (folder / "secret").symlink_to("../other/secret")
    (folder / "environ").symlink_to("/proc/self/environ")
    (folder / "own").symlink_to("sub")
    (folder / "dangling").symlink_to("../other/new")
    os.mkfifo(folder / "pipe")
    return folder


@pytest.mark.parametrize(
    "path",
    [
        "../other/secret",
        "sub/../../other/secret",
        "/etc/passwd",
        "/proc/self/environ",
        "/tree/../etc/passwd",
        ".git",
        ".git/config",
        "sub/.GIT/config",
        "/tree/.git/hooks/pre-commit",
        "passwd",
        "outside/secret",
        "outside/new",
        "secret",
        "environ",
        "own/x",
        "dangling",
        "pipe",
        "",
        " ",
        "a\0b",
        "x" * 5000,
        "y" * 300,
    ],
)
@pytest.mark.parametrize(("name", "given"), WITH_PATH, ids=lambda each: str(each)[:6])
async def test_no_tool_leaves_the_tree(
    tree: Path, name: str, given: dict[str, Any], path: str
) -> None:
    before = _look(tree.parent)

    result = await call(tree, name, path=path, **given)

    assert not result.ok, result.text
    assert SECRET not in result.text
    assert "root:" not in result.text
    assert _look(tree.parent) == before


async def test_links_are_named_so_that_the_model_finds_the_file(tree: Path) -> None:
    told = (await call(tree, "read", path="own/x")).text

    assert told == "own/x: `own` is a symbolic link to sub, and links are not followed"


async def test_search_follows_no_links_on_its_way(tree: Path) -> None:
    found = await call(tree, "search", pattern="canary|root:")

    assert found.text == "nothing matches"


async def test_an_option_in_the_place_of_a_path_is_a_path(tree: Path) -> None:
    for path in ("--include=x", "-f/etc/passwd"):
        result = await call(tree, "search", pattern="root", path=path)
        assert result.text == f"there is no {path}"


async def test_a_patch_writes_through_no_link_and_into_no_git(tree: Path) -> None:
    before = _look(tree.parent)
    for name in ("outside/new", "../other/new", ".git/config", "sub/.git/config", "/etc/new"):
        diff = f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+owned\n"
        assert not (await call(tree, "patch", patch=diff)).ok, name

    assert _look(tree.parent) == before


def test_a_folder_that_becomes_a_link_under_way_is_not_followed(tmp_path: Path) -> None:
    """Whoever walks by names alone loses this race sooner or later."""
    root, other = tmp_path / "tree", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    (other / "file").write_text(SECRET)
    (root / "link").symlink_to(other)
    (root / "swap").mkdir()
    (root / "swap/file").write_text("mine")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for old, new in (("swap", "aside"), ("link", "swap"), ("swap", "link")):
                os.rename(root / old, root / new)
            os.rename(root / "aside", root / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    read: dict[bytes, int] = {}
    for _ in range(5000):
        with suppress(NotAllowed):
            data = Tree(root).read("swap/file")
            read[data] = read.get(data, 0) + 1
    done.set()
    thread.join()

    assert list(read) == [b"mine"]


async def test_nothing_of_ours_is_in_the_environment_of_a_command(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPPICE_MODEL_KEY", SECRET)
    command = "cat /proc/self/environ /proc/1/environ /proc/*/environ | tr '\\0' '\\n'; env"

    result = await call(tree, "run", command=command)

    assert "PATH=" in result.text
    assert SECRET not in result.text
    assert "COPPICE" not in result.text


async def test_a_command_reaches_no_network(tree: Path) -> None:
    program = "import socket; socket.create_connection(('127.0.0.1', 22), 2)"

    result = await call(tree, "run", command=f'python3 -c "{program}"')

    assert not result.ok
    assert "Error" in result.text


def _look(folder: Path) -> dict[str, str]:
    """Everything that lies there, with what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = "link" if path.is_symlink() else "file" if path.is_file() else "other"
        found[str(path)] = path.read_text() if kind == "file" else kind
    return found
