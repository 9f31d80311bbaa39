"""A token is in no file, no command line and no word of git's; names are never commands."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import GitError
from bot.runs import Push, RepositoryRef
from tests.worktree.hub import TOKEN, processes_with
from tests.worktree.rooms import APP, FILES, REPOSITORY, RUN, Room, open_room

BASIC = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
SHOP = RepositoryRef(id=REPOSITORY, full_name="acme/shop", installation_id=1)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        room.hub.commit(FILES)
        yield room


async def test_a_token_is_in_no_file(room: Room) -> None:
    base = await room.fetch()
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        (worktree.path / "new").touch()
        tree = await worktree.capture(drop=lambda _: False)
    sha = await room.objects().commit(tree, (base,), "Work", author=APP, at=0)
    await room.objects().bundle(base, sha)
    effect = Push(branch="coppice/1-x", sha=sha, expected=None)
    await room.pusher.push(SHOP, effect, run_id=RUN, url=room.hub.url, token=TOKEN)

    for path in room.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert TOKEN.encode() not in content
        assert BASIC.encode() not in content


async def test_a_token_is_on_no_command_line(room: Room) -> None:
    room.hub.pause = 1.5
    fetching = asyncio.create_task(room.fetch())
    seen: list[str] = []
    while not fetching.done():
        seen += processes_with(room.hub.url)
        assert processes_with(TOKEN) + processes_with(BASIC) == []
        await asyncio.sleep(0.02)

    assert await fetching
    assert any("remote-http" in line for line in seen)


@pytest.mark.parametrize("name", ["$(touch PWNED)", "`touch PWNED`", "a;touch PWNED", "-b", "a\nb"])
async def test_the_name_of_a_branch_is_never_a_command(room: Room, name: str) -> None:
    base = await room.fetch()
    safe = name.replace(" ", "${IFS}")

    for branch in (name, safe, f"--upload-pack={safe}", f"--output={safe}"):
        effect = Push(branch=branch, sha=base, expected=None)
        try:
            await room.pusher.push(SHOP, effect, run_id=RUN, url=room.hub.url, token=TOKEN)
            ref = f"refs/heads/{branch}"
            assert await room.fetch(ref) == base
        except GitError as error:
            assert "is not the name of a branch" in str(error)  # noqa: PT017 both are right

    assert [*Path.cwd().glob("PWNED*"), *room.data.rglob("PWNED*")] == []
