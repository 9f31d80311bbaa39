"""The mirror holds what GitHub has now, or says clearly why it cannot."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.errors import GitError
from bot.worktree import AccessDenied, Mirrors, RefMissing, RemoteMoved, Unreachable
from tests.worktree.hub import TOKEN, git
from tests.worktree.rooms import FILES, REPOSITORY, Room

MAIN = "refs/heads/main"


async def test_a_fetch_answers_where_branches_are_now(room: Room) -> None:
    first = room.hub.commit(FILES)
    assert await room.fetch() == first
    second = room.hub.commit({"README.md": "# The shop\n"})

    assert await room.fetch() == second


async def test_a_branch_that_went_back_is_followed(room: Room) -> None:
    room.hub.commit(FILES)
    await room.fetch()
    room.hub.forget()
    rewritten = room.hub.commit({"README.md": "anew\n"})

    assert await room.fetch() == rewritten


async def test_several_refs_and_a_commit_come_at_once(room: Room) -> None:
    first = room.hub.commit(FILES)
    second = room.hub.commit({"a": "a\n"}, branch="topic/one")

    refs = [MAIN, "refs/heads/topic/one", "HEAD", first]
    found = await room.mirrors.fetch(REPOSITORY, room.hub.url, TOKEN, refs)

    assert found == {MAIN: first, "refs/heads/topic/one": second, "HEAD": first, first: first}


async def test_a_branch_may_take_the_place_of_a_folder_of_branches(room: Room) -> None:
    room.hub.commit(FILES, branch="a/b")
    await room.fetch("refs/heads/a/b")
    git(room.hub.bare, "update-ref", "-d", "refs/heads/a/b")
    second = room.hub.commit({"x": "x\n"}, branch="a")

    assert await room.fetch("refs/heads/a") == second


async def test_a_missing_branch_is_named_so(room: Room) -> None:
    room.hub.commit(FILES)

    with pytest.raises(RefMissing):
        await room.fetch("refs/heads/nowhere")


async def test_an_empty_repository_has_no_branch(room: Room) -> None:
    with pytest.raises(RefMissing):
        await room.fetch()


@pytest.mark.parametrize("token", [None, "ghs_revoked"])
async def test_a_refused_token_is_named_so(room: Room, token: str | None) -> None:
    room.hub.commit(FILES)

    with pytest.raises(AccessDenied) as caught:
        await room.mirrors.fetch(REPOSITORY, room.hub.url, token, [MAIN])

    assert "ghs_revoked" not in str(caught.value)


async def test_a_silent_host_is_unreachable(room: Room) -> None:
    with pytest.raises(Unreachable):
        await room.mirrors.fetch(REPOSITORY, "http://127.0.0.1:1/acme/shop.git", TOKEN, [MAIN])


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "ext::sh -c id",
        "ssh://git@host/x",
        "/srv/repository",
        "--upload-pack=touch /tmp/x",
        f"http://x-access-token:{TOKEN}@127.0.0.1/acme/shop.git",
        "http://127.0.0.1/a\nb",
    ],
)
async def test_only_plain_http_addresses_are_fetched(room: Room, url: str) -> None:
    with pytest.raises(GitError) as caught:
        await room.mirrors.fetch(REPOSITORY, url, TOKEN, [MAIN])

    assert TOKEN not in str(caught.value)


async def test_a_renamed_repository_is_followed(room: Room) -> None:
    commit = room.hub.commit(FILES)
    old = f"{room.hub.origin}/acme/old.git"

    assert await room.mirrors.fetch(REPOSITORY, old, TOKEN, [MAIN]) == {MAIN: commit}
    assert await room.mirrors.remote_sha(REPOSITORY, old, TOKEN, "main") == commit


async def test_fetches_of_one_mirror_take_turns(room: Room) -> None:
    commit = room.hub.commit(FILES)

    assert await asyncio.gather(*(room.fetch() for _ in range(4))) == [commit] * 4


async def test_locks_of_a_killed_fetch_do_not_stay(room: Room, base: str) -> None:
    mirror = room.mirrors.path(REPOSITORY)
    for ref in (mirror / "refs/coppice").iterdir():
        ref.with_suffix(".lock").touch()
    (mirror / "packed-refs.lock").touch()
    (mirror / "objects/pack/tmp_pack_x").touch()
    second = room.hub.commit({"README.md": "anew\n"})

    assert await room.fetch() == second
    assert not list(mirror.rglob("*.lock")) + list(mirror.rglob("tmp_*"))


async def test_lost_packs_are_fetched_again(room: Room, base: str) -> None:
    shutil.rmtree(room.mirrors.path(REPOSITORY) / "objects/pack")
    room.hub.commit({"README.md": "anew\n"})

    fetched = await room.fetch()

    async with room.worktrees.take(REPOSITORY, fetched, "run1") as worktree:
        assert (worktree.path / "src/shop.py").read_text() == "PRICE = 1\n"


async def test_garbage_in_a_mirror_is_fetched_again(room: Room, base: str) -> None:
    mirror = room.mirrors.path(REPOSITORY)
    for file in (*mirror.rglob("*.pack"), *mirror.rglob("*.idx"), mirror / "HEAD"):
        file.chmod(0o600)
        file.write_bytes(b"")

    fetched = await room.fetch()

    async with room.worktrees.take(REPOSITORY, fetched, "run1") as worktree:
        assert (worktree.path / "src/shop.py").read_text() == "PRICE = 1\n"


async def test_many_packs_are_rolled_together_and_nothing_is_dropped(room: Room) -> None:
    first = room.hub.commit(FILES)
    for number in range(42):
        room.hub.commit({"number": f"{number}\n"})
        await room.fetch()
    room.hub.forget()
    room.hub.commit({"README.md": "anew\n"})
    await room.fetch()

    mirror = room.mirrors.path(REPOSITORY)
    assert len(list(mirror.rglob("*.pack"))) < 40
    assert git(mirror, "cat-file", "-t", first) == "commit"


async def test_a_mirror_names_no_remote(room: Room, base: str) -> None:
    config = (room.mirrors.path(REPOSITORY) / "config").read_text()

    assert "url" not in config
    assert TOKEN not in config


async def test_no_refs_need_no_request(tmp_path: Path) -> None:
    assert await Mirrors(tmp_path).fetch(1, "http://127.0.0.1:1/a/b.git", None, []) == {}


async def test_a_redirect_to_another_host_gets_no_token(room: Room) -> None:
    room.hub.commit(FILES)

    with pytest.raises(RemoteMoved):
        await room.mirrors.fetch(REPOSITORY, f"{room.hub.origin}/acme/away.git", TOKEN, [MAIN])

    assert room.hub.seen == []
