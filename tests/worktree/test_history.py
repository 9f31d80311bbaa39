"""What a branch's commits are called, and how two versions of it differ."""

import pytest

from bot.errors import GitError
from bot.worktree import history
from bot.worktree.history import Tip
from tests.worktree.rooms import APP, Room
from tests.worktree.test_objects import work


async def test_messages_are_the_newest_first_with_their_authors(room: Room, base: str) -> None:
    done = await work(room, base, {"price.txt": b"9\n"})
    tip = Tip(room.objects(), done)

    newest, *older = await tip.messages(10)

    assert newest == (APP.name, "Raise the price")
    assert older == await Tip(room.objects(), base).messages(10)
    assert await tip.messages(1) == [newest]
    assert await tip.messages(10, ["price.txt"]) == [newest]
    assert await tip.messages(10, ["*.txt", "--all"]) == []


async def test_a_history_that_is_not_there_has_no_messages(room: Room) -> None:
    assert await Tip(room.objects(), "0" * 40).messages(10) == []


async def test_the_names_of_a_folder(room: Room, base: str) -> None:
    done = await work(room, base, {"docs/a.md": b"a\n", "docs/deep/b.md": b"b\n"})
    tip = Tip(room.objects(), done)

    assert await tip.names("docs") == ["a.md", "deep"]
    assert "docs" in await tip.names("")
    assert await tip.names("nowhere") == []


async def test_two_versions_of_a_branch_are_compared_by_commit(room: Room, base: str) -> None:
    objects = room.objects()
    same = {"list.txt": b"".join(b"line %d\n" % n for n in range(40))}
    old = await work(room, base, {"price.txt": b"9\n", **same})
    new = await work(room, base, {"price.txt": b"10\n", **same})

    said = await history.range_diff(objects.git, (base, old), (base, new))

    assert said.startswith(f"1:  {old[:7]} ! 1:  {new[:7]} Raise the price")
    with pytest.raises(GitError):
        await history.range_diff(objects.git, (base, "0" * 40), (base, new))
