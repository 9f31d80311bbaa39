"""A slot is warm, exact and bounded in number, whatever the run before left in it."""

import asyncio
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.worktree import Damaged, Worktree, Worktrees
from tests.worktree.rooms import APP, FILES, REPOSITORY, RUN, Room


def files(tree: Path) -> dict[str, bytes]:
    """Everything in a tree but the pointer at its root, directories too."""
    return {
        str(path.relative_to(tree)): path.read_bytes() if path.is_file() else b""
        for path in sorted(tree.rglob("*"))
        if path != tree / ".git"
    }


async def test_a_taken_worktree_holds_the_commit(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        assert set(files(worktree.path)) == {*FILES, "src", "src/cart"}
        assert (worktree.path / ".git").read_text() == "gitdir: /git\n"


async def test_a_slot_is_used_again(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, "run1") as first:
        pass
    second = room.hub.commit({"src/shop.py": "PRICE = 2\n", "README.md": None})
    await room.fetch()

    async with room.worktrees.take(REPOSITORY, second, "run2") as worktree:
        assert worktree.path == first.path
        assert (worktree.path / "src/shop.py").read_text() == "PRICE = 2\n"
        assert not (worktree.path / "README.md").exists()


async def test_what_a_run_left_is_gone_when_it_gives_back(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        before = files(worktree.path)
        leave_files(worktree.path)

    assert files(worktree.path) == before
    assert not worktree.git_directory.exists()


async def test_a_cancelled_run_gives_its_slot_back(room: Room, base: str) -> None:
    pool = Worktrees(room.data / "worktrees", room.works, slots=1)
    taken = asyncio.Event()

    async def work() -> None:
        async with pool.take(REPOSITORY, base, "run1"):
            taken.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await taken.wait()
    task.cancel()
    async with asyncio.timeout(150), pool.take(REPOSITORY, base, "run2") as worktree:
        assert (worktree.path / "README.md").exists()
    assert task.cancelled()


async def test_two_runs_have_a_worktree_each(room: Room, base: str) -> None:
    async with (
        room.worktrees.take(REPOSITORY, base, "run1") as first,
        room.worktrees.take(REPOSITORY, base, "run2") as second,
    ):
        assert first.path != second.path


async def test_whoever_comes_when_all_are_in_use_waits(room: Room, base: str) -> None:
    pool = Worktrees(room.data / "worktrees", room.works, slots=1)
    order: list[str] = []

    async def use(name: str) -> None:
        async with pool.take(REPOSITORY, base, name):
            order.append(f"{name} in")
            await asyncio.sleep(0.02)
            order.append(f"{name} out")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(use("a"))
        tasks.create_task(use("b"))
    first, second = order[0][0], order[2][0]
    assert {first, second} == {"a", "b"}
    assert order == [f"{first} in", f"{first} out", f"{second} in", f"{second} out"]


async def test_the_slot_used_longest_ago_makes_room(room: Room, base: str) -> None:
    pool = Worktrees(room.data / "worktrees", room.works, slots=2)
    for number in (1, 2, 3):
        await room.mirrors.fetch(number, room.hub.url, room.hub.token, ["refs/heads/main"])
        async with pool.take(number, base, f"run{number}"):
            pass

    kept = {path.parent.name for path in (room.data / "worktrees").glob("*/*")}
    assert kept == {"2", "3"}


async def test_after_a_crash_all_slots_are_free(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, "run1") as first:
        (first.path.parent / "git/index.lock").touch()
        (first.path / "junk").touch()
        after = Worktrees(room.data / "worktrees", room.works)
        async with after.take(REPOSITORY, base, "run2") as again:
            assert again.path == first.path
            assert not (again.path / "junk").exists()


async def test_a_deleted_worktree_is_healed(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        before = files(worktree.path)
        shutil.rmtree(worktree.path)

        await worktree.reset(base)

        assert files(worktree.path) == before


async def test_a_deleted_worktree_is_captured_as_empty(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        shutil.rmtree(worktree.path)

        tree = await worktree.capture(drop=lambda _: False)

        assert tree == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


async def test_a_broken_index_is_made_anew(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        (worktree.path.parent / "git/index").write_bytes(b"garbage")
        (worktree.path.parent / "git/HEAD").write_bytes(b"")
        (worktree.path / "README.md").write_text("changed\n")

        await worktree.reset(base)

        assert (worktree.path / "README.md").read_text() == "# Shop\n"


async def test_a_slot_forgets_the_run_that_had_it(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, "run1") as worktree:
        (worktree.path / "new.py").write_text("x\n")
        checkpoint = await kept(room, worktree, base, "run1")
        await worktree.reset(checkpoint)
        assert (worktree.path / "new.py").exists()
    shutil.rmtree(room.data / "runs")

    async with room.worktrees.take(REPOSITORY, base, "run2") as worktree:
        assert set(files(worktree.path)) == {*FILES, "src", "src/cart"}


async def kept(room: Room, worktree: Worktree, base: str, run: str) -> str:
    tree = await worktree.capture(drop=lambda _: False)
    return await room.objects(run).commit(tree, (base,), "Work", author=APP, at=1_760_000_000)


async def test_a_commit_that_nobody_has_is_named(room: Room, base: str) -> None:
    with pytest.raises(Damaged, match="there is no commit 11111"):
        async with room.worktrees.take(REPOSITORY, "1" * 40, RUN):
            pass

    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        assert (worktree.path / "README.md").exists()


async def test_a_mirror_that_lost_an_object_is_cloned_again(room: Room, base: str) -> None:
    shutil.rmtree(room.mirrors.path(REPOSITORY) / "objects/pack")
    with pytest.raises(Damaged):
        async with room.worktrees.take(REPOSITORY, base, RUN):
            pass

    await room.fetch()

    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        assert (worktree.path / "README.md").exists()


def leave_files(tree: Path) -> None:
    for name in ("junk", "ignored/x", "a.log", "src/new/deep/x", "with\nnewline", "-rf"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("junk\n")
    (tree / "src/shop.py").unlink()
    (tree / "src/shop.py").mkdir()
    (tree / "empty").mkdir()


def leave_repositories(tree: Path) -> None:
    for name in ("src/.git", "new/.git", "ignored/x/.git"):
        shutil.copytree(tree.parent / "git", tree / name)
    (tree / "src/cart/.git").symlink_to("/etc")


def leave_specials(tree: Path) -> None:
    for name in ("pipe", "src/pipe", "src/cart/pipe"):
        os.mkfifo(tree / name)
    folder = os.open(tree / "src", os.O_RDONLY)  # the path itself may be too long for a socket
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{folder}/socket")
    os.close(folder)


def leave_closed(tree: Path) -> None:
    (tree / "closed").mkdir()
    (tree / "closed/x").write_text("x\n")
    for name in ("closed", "src/cart", "src"):
        (tree / name).chmod(0)


def leave_deep(tree: Path) -> None:
    """Nest directories beyond what one path may name."""
    at = os.open(tree, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deep", dir_fd=at)
        below = os.open("deep", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


@pytest.mark.parametrize(
    "leave", [leave_files, leave_repositories, leave_specials, leave_closed, leave_deep]
)
async def test_nothing_stays_for_the_next_run(
    room: Room, base: str, leave: Callable[[Path], None]
) -> None:
    async with room.worktrees.take(REPOSITORY, base, "run1") as worktree:
        before = files(worktree.path)
        leave(worktree.path)

    async with room.worktrees.take(REPOSITORY, base, "run2") as worktree:
        assert files(worktree.path) == before
