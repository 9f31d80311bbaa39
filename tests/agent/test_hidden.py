"""What a repository keeps for agents is covered where it is, and leads nowhere."""

from pathlib import Path

import pytest

from bot.agent.hidden import SETTINGS, covers
from bot.agent.runtime import FinishReason
from bot.box import TREE
from bot.errors import StageFailed
from tests.agent.programs import Stage

LOOK = """
import json, os, sys
found = {name: os.path.isdir(name) and os.listdir(name) or os.path.isfile(name)
         and open(name).read() for name in sys.argv[1:]}
try:
    open(".claude/new", "w")
except OSError as error:
    found["error"] = error.strerror
print(json.dumps(found))
"""


def targets(tree: Path, empty: Path, *more: str) -> list[str]:
    return [mount.target for mount in covers(tree, more, empty)]


def test_nothing_is_covered_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()

    assert targets(tmp_path / "tree", tmp_path / "empty") == []
    assert list((tmp_path / "tree").iterdir()) == []


def test_files_and_directories_are_covered_by_their_like(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / ".claude").mkdir(parents=True)
    (tree / ".mcp.json").touch()
    (tree / ".env").touch()

    mounts = covers(tree, (".env",), tmp_path / "empty")

    assert {(mount.target, mount.source.is_dir()) for mount in mounts} == {
        (f"{TREE}/.claude", True),
        (f"{TREE}/.mcp.json", False),
        (f"{TREE}/.env", False),
    }
    assert not any(mount.writable for mount in mounts)


def test_a_link_within_the_tree_covers_what_it_leads_to(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "shared").mkdir(parents=True)
    (tree / ".claude").symlink_to("shared")

    assert targets(tree, tmp_path / "empty") == [f"{TREE}/shared"]


@pytest.mark.parametrize("to", ["/etc", "../..", ".", "/proc/self/root", "../tree/../x", ".claude"])
def test_a_link_that_leads_elsewhere_starts_no_agent(tmp_path: Path, to: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".claude").symlink_to(to)

    with pytest.raises(StageFailed) as caught:
        covers(tree, (), tmp_path / "empty")

    assert (caught.value.kind, caught.value.blocked) == ("agent_settings", True)


def test_a_link_to_nothing_in_the_tree_is_harmless(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".claude").symlink_to("not-there")

    assert targets(tree, tmp_path / "empty") == []


async def test_an_agent_in_the_box_sees_nothing_of_them(tmp_path: Path) -> None:
    scene = Stage(root=tmp_path, program=LOOK, words=SETTINGS)
    scene.protocol, scene.more = scene.protocol.HEADLESS, {"parser": "text"}
    for name in SETTINGS:
        path = scene.tree / name
        if "." in name[1:]:
            path.write_text("evil")
        else:
            path.mkdir()
            (path / "evil").touch()

    end = await scene.play()

    assert end.reason == FinishReason.DONE
    assert "evil" not in end.message
    assert '"error": "Read-only file system"' in end.message
    assert all((scene.tree / name).exists() for name in SETTINGS)
