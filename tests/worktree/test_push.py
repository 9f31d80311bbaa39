"""A branch is set where it was expected to be, or left as it is with a clear word."""

import os

import pytest

from bot.errors import GitError
from bot.runs import Push, RepositoryRef
from bot.worktree import AccessDenied, BranchMoved, Pusher
from tests.worktree.hub import TOKEN
from tests.worktree.rooms import APP, REPOSITORY, RUN, Room

SHOP = RepositoryRef(id=REPOSITORY, full_name="acme/shop", installation_id=1)
BRANCH = "coppice/7-4f9a1c"


async def start(room: Room, base: str, message: str = "Start") -> str:
    objects = room.objects()
    return await objects.commit(await objects.tree(base), (base,), message, author=APP, at=0)


async def push(
    room: Room, sha: str, expected: str | None, *, force: bool = False, branch: str = BRANCH
) -> None:
    effect = Push(branch=branch, sha=sha, expected=expected, force=force)
    await room.pusher.push(SHOP, effect, run_id=RUN, url=room.hub.url, token=TOKEN)


async def remote(room: Room, branch: str = BRANCH) -> str | None:
    return await room.pusher.remote_sha(SHOP, branch, url=room.hub.url, token=TOKEN)


async def test_a_new_branch_is_made(room: Room, base: str) -> None:
    sha = await start(room, base)
    assert await remote(room) is None

    await push(room, sha, None)

    assert await remote(room) == sha


async def test_whoever_was_replaced_pushes_nothing(room: Room, base: str) -> None:
    async def fence() -> None:
        raise PermissionError("somebody else goes on in our place")

    sha = await start(room, base)
    effect = Push(branch=BRANCH, sha=sha, expected=None)
    pusher = Pusher(room.works, fence)

    with pytest.raises(PermissionError):
        await pusher.push(SHOP, effect, run_id=RUN, url=room.hub.url, token=TOKEN)

    assert await remote(room) is None


async def test_a_branch_grows(room: Room, base: str) -> None:
    first = await start(room, base)
    await push(room, first, None)
    second = await start(room, first, "Second")

    await push(room, second, first)

    assert await remote(room) == second


async def test_a_plain_push_never_replaces(room: Room, base: str) -> None:
    first = await start(room, base)
    await push(room, first, None)
    other = await start(room, base, "Other")

    with pytest.raises(BranchMoved):
        await push(room, other, first)

    assert await remote(room) == first


async def test_a_forced_push_replaces_what_was_expected(room: Room, base: str) -> None:
    first = await start(room, base)
    await push(room, first, None)
    other = await start(room, base, "Other")

    await push(room, other, first, force=True)

    assert await remote(room) == other


@pytest.mark.parametrize("force", [False, True])
async def test_somebody_elses_push_is_never_overwritten(
    room: Room, base: str, *, force: bool
) -> None:
    first = await start(room, base)
    await push(room, first, None)
    theirs = room.hub.commit({"theirs": "x\n"}, branch=BRANCH)
    second = await start(room, first, "Second")

    with pytest.raises(BranchMoved):
        await push(room, second, first, force=force)

    assert await remote(room) == theirs


@pytest.mark.parametrize("force", [False, True])
async def test_a_branch_that_appeared_is_never_overwritten(
    room: Room, base: str, *, force: bool
) -> None:
    room.hub.publish(BRANCH)
    grown = await start(room, base)

    with pytest.raises(BranchMoved):
        await push(room, grown, None, force=force)

    assert await remote(room) == base


async def test_a_second_push_of_the_same_changes_nothing(room: Room, base: str) -> None:
    sha = await start(room, base)
    await push(room, sha, None)

    await push(room, sha, sha)

    assert await remote(room) == sha


async def test_a_refusal_is_the_remotes_own_word(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        (worktree.path / "key").write_text(f"ghp_{'a1B2' * 9}\n")
        tree = await worktree.capture(drop=lambda _: False)
    sha = await room.objects().commit(tree, (base,), "Key", author=APP, at=0)

    with pytest.raises(GitError) as caught:
        await push(room, sha, None)

    assert "GH013" in caught.value.stderr
    assert "remote rejected" in caught.value.stderr
    assert TOKEN not in caught.value.stderr


async def test_a_refused_token_is_named_so(room: Room, base: str) -> None:
    effect = Push(branch=BRANCH, sha=base, expected=None)

    with pytest.raises(AccessDenied) as caught:
        await room.pusher.push(SHOP, effect, run_id=RUN, url=room.hub.url, token="ghs_revoked")

    assert "ghs_revoked" not in str(caught.value)


async def test_a_push_of_a_renamed_repository_arrives(room: Room, base: str) -> None:
    effect = Push(branch=BRANCH, sha=base, expected=None)
    old = f"{room.hub.origin}/acme/old.git"

    await room.pusher.push(SHOP, effect, run_id=RUN, url=old, token=TOKEN)

    assert await remote(room) == base


async def test_a_branch_of_which_ours_is_the_tail_is_another(room: Room, base: str) -> None:
    room.hub.publish(f"x/refs/heads/{BRANCH}")

    assert await remote(room) is None


async def test_a_big_push_arrives(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        (worktree.path / "big").write_bytes(noise(3 << 20))
        tree = await worktree.capture(drop=lambda _: False)
    sha = await room.objects().commit(tree, (base,), "Big", author=APP, at=0)

    await push(room, sha, None)

    assert await remote(room) == sha


def noise(size: int) -> bytes:
    """Bytes that do not get smaller, so that git sends them in chunks."""
    return os.urandom(size)
