"""What lies in a worktree becomes a tree: all of it, and nothing that should be left out."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.errors import StageFailed
from bot.worktree import Worktree
from tests.worktree.hub import git
from tests.worktree.rooms import APP, REPOSITORY, RUN, Room


@pytest.fixture
async def worktree(room: Room, base: str) -> AsyncIterator[Worktree]:
    async with room.worktrees.take(REPOSITORY, base, RUN) as taken:
        yield taken


def keep_all(_path: str) -> bool:
    return False


async def changed(worktree: Worktree, base: str) -> dict[str, tuple[str, str | None]]:
    """Capture, and tell by path: how it changed, and its mode now."""
    tree = await worktree.capture(drop=keep_all)
    changes = await worktree.objects.changes(base, tree)
    return {change.path: (change.status, change.new_mode) for change in changes}


async def test_an_untouched_worktree_is_its_commit(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        tree = await worktree.capture(drop=keep_all)

    assert tree == await room.objects().tree(base)


async def test_new_changed_and_removed_files_are_there(worktree: Worktree, base: str) -> None:
    (worktree.path / "new.sh").write_text("true\n")
    (worktree.path / "new.sh").chmod(0o755)
    (worktree.path / "src/shop.py").write_text("PRICE = 2\n")
    (worktree.path / "README.md").unlink()

    assert await changed(worktree, base) == {
        "new.sh": ("A", "100755"),
        "src/shop.py": ("M", "100644"),
        "README.md": ("D", None),
    }


async def test_the_lock_of_a_git_that_was_killed_is_no_hindrance(
    worktree: Worktree, base: str
) -> None:
    (worktree.path.parent / "capture-index.lock").touch()
    (worktree.path / "new.py").write_text("x\n")

    assert list(await changed(worktree, base)) == ["new.py"]


async def test_ignored_files_are_left_out(worktree: Worktree, base: str) -> None:
    (worktree.path / "ignored").mkdir()
    (worktree.path / "ignored/x").touch()
    (worktree.path / "a.log").touch()

    assert await changed(worktree, base) == {}


async def test_junk_is_dropped_but_never_a_tracked_file(worktree: Worktree, base: str) -> None:
    (worktree.path / "node_modules/x").mkdir(parents=True)
    (worktree.path / "node_modules/x/index.js").touch()
    (worktree.path / "src/shop.py").write_text("PRICE = 2\n")

    tree = await worktree.capture(drop=lambda path: path.startswith(("node_modules/", "src/")))

    found = await worktree.objects.changes(base, tree)
    assert [change.path for change in found] == ["src/shop.py"]


async def test_a_nested_repository_is_one_entry(worktree: Worktree, base: str) -> None:
    sub = worktree.path / "sub"
    sub.mkdir()
    git(sub, "init", "-q")
    (sub / "secret").write_text("x\n")
    git(sub, "add", "-A")
    git(sub, "commit", "-q", "-m", "sub")

    assert await changed(worktree, base) == {"sub": ("A", "160000")}


async def test_an_unborn_nested_repository_is_one_entry(worktree: Worktree, base: str) -> None:
    (worktree.path / "sub").mkdir()
    git(worktree.path / "sub", "init", "-q")

    assert await changed(worktree, base) == {"sub": ("A", "160000")}


async def test_a_repository_made_of_a_tracked_folder_changes_nothing(
    worktree: Worktree, base: str
) -> None:
    git(worktree.path / "src", "init", "-q")
    (worktree.path / "src/new.py").touch()

    assert await changed(worktree, base) == {"src/new.py": ("A", "100644")}


async def test_links_stay_links(worktree: Worktree, base: str) -> None:
    (worktree.path / "link").symlink_to("/etc/passwd")
    (worktree.path / "src/shop.py").unlink()
    (worktree.path / "src/shop.py").symlink_to("../README.md")

    found = await changed(worktree, base)

    assert found == {"link": ("A", "120000"), "src/shop.py": ("T", "120000")}
    changes = await worktree.objects.changes(base, await worktree.capture(drop=keep_all))
    assert await worktree.objects.blob(changes[0].new_sha or "", 100) == b"/etc/passwd"


async def test_a_folder_replaced_by_a_link_is_a_link(
    worktree: Worktree, base: str, tmp_path: Path
) -> None:
    shutil.move(worktree.path / "src", tmp_path / "outside")
    (worktree.path / "src").symlink_to(tmp_path / "outside")
    (tmp_path / "outside/shop.py").write_text("SECRET = 1\n")

    assert await changed(worktree, base) == {
        "src": ("A", "120000"),
        "src/cart/cart.py": ("D", None),
        "src/shop.py": ("D", None),
    }


async def test_a_file_and_a_folder_may_change_places(worktree: Worktree, base: str) -> None:
    shutil.rmtree(worktree.path / "src")
    (worktree.path / "src").write_text("now a file\n")
    (worktree.path / "README.md").unlink()
    (worktree.path / "README.md").mkdir()
    (worktree.path / "README.md/x").touch()

    assert await changed(worktree, base) == {
        "README.md": ("D", None),
        "README.md/x": ("A", "100644"),
        "src": ("A", "100644"),
        "src/cart/cart.py": ("D", None),
        "src/shop.py": ("D", None),
    }


async def test_any_name_is_kept(worktree: Worktree, base: str) -> None:
    names = ["with\nnewline", "-rf", 'quo"te', ":(top)", "tab\t", "ümlaut", "a*b"]
    for name in names:
        (worktree.path / name).touch()
    raw = os.fsencode(worktree.path) + b"/\xff\xfe"
    os.close(os.open(raw, os.O_CREAT))

    assert set(await changed(worktree, base)) == {*names, os.fsdecode(b"\xff\xfe")}


@pytest.mark.parametrize("name", ["git~1", ".GIT ", ".git\u200c"])
async def test_a_name_that_stands_for_git_elsewhere_is_shown(
    worktree: Worktree, base: str, name: str
) -> None:
    (worktree.path / name).mkdir()
    (worktree.path / name / "config").touch()

    assert await changed(worktree, base) == {f"{name}/config": ("A", "100644")}


async def test_a_name_that_git_does_not_take_is_not_left_out_silently(worktree: Worktree) -> None:
    (worktree.path / ".GIT").mkdir()
    (worktree.path / ".GIT/config").touch()

    with pytest.raises(StageFailed, match=r"`.GIT/config` is not a path that git takes"):
        await worktree.capture(drop=keep_all)


async def test_a_link_in_the_place_of_gitmodules_is_refused(worktree: Worktree) -> None:
    (worktree.path / ".gitmodules").symlink_to("/etc/passwd")

    with pytest.raises(StageFailed, match=r"`.gitmodules` is not a path"):
        await worktree.capture(drop=keep_all)


async def test_a_closed_folder_hides_nothing(worktree: Worktree, base: str) -> None:
    (worktree.path / "closed").mkdir()
    (worktree.path / "closed/x").touch()
    (worktree.path / "closed/x").chmod(0)
    (worktree.path / "closed").chmod(0)

    assert await changed(worktree, base) == {"closed/x": ("A", "100644")}


async def test_folders_deeper_than_the_system_takes_are_refused(worktree: Worktree) -> None:
    with ExitStack() as opened:
        here = os.open(worktree.path, os.O_RDONLY)
        opened.callback(os.close, here)
        for _ in range(25):  # each path from the root is 5,000 bytes then; the system takes 4,096
            os.mkdir("d" * 200, dir_fd=here)
            here = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
            opened.callback(os.close, here)

    with pytest.raises(StageFailed, match="longer than the system takes") as refused:
        await worktree.capture(drop=keep_all)

    assert (refused.value.kind, refused.value.blocked) == ("bad_path", True)


async def test_pipes_are_passed_over(worktree: Worktree, base: str) -> None:
    os.mkfifo(worktree.path / "pipe")

    assert await changed(worktree, base) == {}


async def test_50_megabytes_are_kept_for_the_rules_to_weigh(worktree: Worktree, base: str) -> None:
    (worktree.path / "big").write_bytes(os.urandom(1 << 20) * 50)

    tree = await worktree.capture(drop=keep_all)

    change = (await worktree.objects.changes(base, tree))[0]
    assert await worktree.objects.sizes([change.new_sha or ""]) == {change.new_sha: 50 << 20}
    assert await worktree.objects.blobs([change.new_sha or ""], 1 << 20) == {}


async def test_a_file_without_end_is_not_read(worktree: Worktree) -> None:
    with (worktree.path / "sparse").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(StageFailed, match="more than 1024 MB"):
        await worktree.capture(drop=keep_all)


async def test_a_capture_changes_nothing_in_worktree_and_mirror(room: Room, base: str) -> None:
    mirror = room.mirrors.path(REPOSITORY)
    before = sorted(mirror.rglob("*"))
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        index = (worktree.path.parent / "git/index").read_bytes()
        (worktree.path / "new.py").write_text("x\n")
        await worktree.capture(drop=keep_all)

        assert (worktree.path.parent / "git/index").read_bytes() == index
        assert (worktree.path / "new.py").exists()
    assert sorted(mirror.rglob("*")) == before


async def test_the_captured_work_can_be_put_back(worktree: Worktree, base: str) -> None:
    (worktree.path / "new.py").write_text("x = 1\n")
    tree = await worktree.capture(drop=keep_all)
    commit = await worktree.objects.commit(tree, (base,), "Work", author=APP, at=0)
    await worktree.reset(base)
    assert not (worktree.path / "new.py").exists()

    await worktree.reset(commit)

    assert (worktree.path / "new.py").read_text() == "x = 1\n"


async def test_a_pattern_that_takes_git_hours_is_refused(worktree: Worktree) -> None:
    """Each `**` is tried at each folder: eight of them over sixty folders take days."""
    (worktree.path / ("a/" * 60)).mkdir(parents=True)
    (worktree.path / ("a/" * 60) / "file").touch()
    (worktree.path / "a/.gitignore").write_text("*.log\n" + "**/a*/" * 8 + "b\n")

    with pytest.raises(StageFailed, match=r"`.gitignore` in `a` has too many `\*\*` in line 2"):
        await worktree.capture(drop=keep_all)


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
async def test_a_file_of_patterns_that_fills_the_memory_is_refused(
    worktree: Worktree, name: str
) -> None:
    """It costs its maker nothing, and git reads one of each folder above a file."""
    folder = worktree.path
    for _ in range(20):
        folder = folder / "a"
        folder.mkdir()
        with (folder / name).open("wb") as file:
            file.truncate(2**30)

    with pytest.raises(StageFailed, match="is larger than 256 KB"):
        await worktree.capture(drop=keep_all)


async def test_many_small_files_of_patterns_are_refused_together(worktree: Worktree) -> None:
    for n in range(65):
        (worktree.path / f"d{n}").mkdir()
        (worktree.path / f"d{n}/.gitignore").write_bytes(b"x\n" * 2**17)

    with pytest.raises(StageFailed, match="all together"):
        await worktree.capture(drop=keep_all)


async def test_patterns_as_people_write_them_are_taken(worktree: Worktree, base: str) -> None:
    lines = ("**/build/**", "**/*.log", "a/**/b/**/c/**", "# ** ** **", "**/x/**/y/**/z")
    (worktree.path / ".gitignore").write_text("\n".join(lines))
    (worktree.path / ("deep/" * 30)).mkdir(parents=True)
    (worktree.path / ("deep/" * 30) / "x.log").touch()

    assert await changed(worktree, base) == {".gitignore": ("M", "100644")}
