"""A difference is cut by file, whatever stands in its lines and names."""

import os
from typing import Any

import pytest

from tests.worktree.rooms import FILES, Room

LIKE_A_DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n"
MANY = "".join(f"line {n}\n" for n in range(30))


async def between(room: Room, before: Any, after: Any) -> dict[str, str]:
    room.hub.commit({**FILES, **before})
    old = await room.fetch()
    room.hub.commit(after)
    found = await room.objects().sections(old, await room.fetch())
    assert len({path for path, _ in found}) == len(found)
    return dict(found)


async def test_lines_that_look_like_a_difference_are_lines(room: Room) -> None:
    found = await between(
        room,
        {"a.txt": LIKE_A_DIFF, "b.txt": "one\n"},
        {"a.txt": f"{LIKE_A_DIFF}more\n{LIKE_A_DIFF}", "b.txt": "two\n"},
    )

    assert list(found) == ["a.txt", "b.txt"]
    assert "+diff --git a/x b/x" in found["a.txt"]
    assert "+two" in found["b.txt"]
    assert "+two" not in found["a.txt"]


async def test_a_rename_is_one_file_with_the_lines_that_changed(room: Room) -> None:
    after = {"old.txt": None, "new.txt": MANY.replace("line 3\n", "line three\n")}

    found = await between(room, {"old.txt": MANY}, after)

    assert list(found) == ["new.txt"]
    assert "-line 3\n+line three" in found["new.txt"]
    assert "-line 20" not in found["new.txt"]


@pytest.mark.parametrize("name", ['a "b".txt', "tab\there", "new\nline", "b/ b", "ümläut"])
async def test_a_name_is_what_it_is(room: Room, name: str) -> None:
    found = await between(room, {}, {name: "text\n"})

    assert list(found) == [name]
    assert "+text" in found[name]


async def test_a_file_that_becomes_a_link_comes_twice(room: Room) -> None:
    room.hub.commit({**FILES, "a.txt": "text\n"})
    old = await room.fetch()
    (room.hub.work / "a.txt").unlink()
    os.symlink("README.md", room.hub.work / "a.txt")
    room.hub.commit({})

    found = await room.objects().sections(old, await room.fetch())

    assert [path for path, _ in found] == ["a.txt", "a.txt"]
    assert "+README.md" in found[1][1]


async def test_what_has_nothing_in_common_has_no_merge_base(room: Room) -> None:
    first = room.hub.commit(FILES)
    one = await room.fetch()
    room.hub.forget()
    room.hub.commit({"README.md": "Another history.\n"})
    other = await room.fetch()

    assert one == first
    assert await room.objects().merge_base(one, other) is None
    assert await room.objects().merge_base(one, one) == one
