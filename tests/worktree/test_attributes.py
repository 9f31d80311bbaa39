"""What a commit says of its files is bounded before git lays them out on the host."""

from collections.abc import AsyncIterator

import pytest

from bot.errors import StageFailed
from bot.worktree import Worktree
from tests.worktree.hub import git
from tests.worktree.rooms import FILES, REPOSITORY, RUN, Room


@pytest.fixture
async def worktree(room: Room, base: str) -> AsyncIterator[Worktree]:
    async with room.worktrees.take(REPOSITORY, base, RUN) as taken:
        yield taken


async def with_attributes(room: Room, path: str, text: str) -> str:
    """Commit such a file beside deep folders, without git's looking at it."""
    room.hub.commit({"a/" * 60 + "file": "x\n"})
    file = room.data / "attributes"
    file.write_text(text)
    blob = git(room.hub.work, "hash-object", "-w", "--no-filters", str(file))
    git(room.hub.work, "read-tree", "HEAD")  # forgets what it knew of the files' times
    git(room.hub.work, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    tree = git(room.hub.work, "write-tree")
    commit = git(room.hub.work, "commit-tree", "-p", "HEAD", "-m", "Attributes", tree)
    git(room.hub.work, "update-ref", "HEAD", commit)
    room.hub.publish()
    return await room.fetch()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("*.txt text\n" + "**/a*/" * 8 + "b text\n", r"has too many `\*\*` in line 2"),
        ("*.txt text\n" * 2**15, "is larger than 256 KB"),
    ],
)
async def test_attributes_that_would_keep_git_busy_are_never_laid_out(
    room: Room, worktree: Worktree, base: str, text: str, why: str
) -> None:
    hostile = await with_attributes(room, "a/.gitattributes", text)

    for put in (worktree.reset, worktree.lay):
        with pytest.raises(StageFailed, match=f"`.gitattributes` in `a` {why}") as refusal:
            await put(hostile)

        assert (refusal.value.kind, refusal.value.blocked) == ("bad_pattern", True)
        assert not (worktree.path / "a").exists()

    await worktree.reset(base)
    assert (worktree.path / "src/shop.py").read_text() == FILES["src/shop.py"]


async def test_attributes_as_people_write_them_are_laid_out(room: Room, worktree: Worktree) -> None:
    room.hub.commit({".gitattributes": "**/x/** text\n*.crlf eol=crlf\n", "a.crlf": "1\n2\n"})

    await worktree.reset(await room.fetch())

    assert (worktree.path / "a.crlf").read_bytes() == b"1\r\n2\r\n"
