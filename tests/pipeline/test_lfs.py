"""A file that git LFS holds leaves as a pointer: else every clone complains of the pull request."""

import pytest

from bot.runs import StageKind, StageStatus
from tests.pipeline.desk import desk, writes
from tests.worktree.rooms import Room

pytestmark = pytest.mark.slow

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 3\n"
THERE: dict[str, str | bytes | None] = {
    ".gitattributes": "*.dat filter=lfs diff=lfs merge=lfs -text\n",
    "held.dat": POINTER.format("a" * 64),
    "never.dat": "put here before anybody used LFS\n",
}


@pytest.mark.parametrize("name", ["held.dat", "src/new.dat"])
async def test_content_in_the_place_of_a_pointer_is_refused(room: Room, name: str) -> None:
    room.hub.commit(THERE)
    here = await desk(room, writes(**{_spelt(name): "content\n" * 200}))
    await here.attempt(StageKind.IMPLEMENT)

    result = await here.attempt(StageKind.RULES)

    assert result.error is not None
    assert (result.error.kind, result.blocked) == ("rules:lfs", True)
    assert result.summary.startswith(f"`{name}`: git LFS holds this file")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("held.dat", POINTER.format("b" * 64)),
        ("never.dat", "changed\n"),
        ("src/new.txt", "text\n"),
        ("src/empty.dat", ""),
    ],
)
async def test_all_else_goes_through(room: Room, name: str, text: str) -> None:
    room.hub.commit(THERE)
    here = await desk(room, writes(**{_spelt(name): text}))
    await here.attempt(StageKind.IMPLEMENT)

    assert (await here.attempt(StageKind.RULES)).status is StageStatus.PASSED


def _spelt(name: str) -> str:
    return name.replace("/", "__").replace(".", "_dot_")
