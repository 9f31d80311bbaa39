"""A commit laid over what `setup` made, the paths of a commit, a mirror fit for copying."""

from bot.guard.paths import junk
from tests.worktree.hub import TOKEN
from tests.worktree.rooms import APP, FILES, REPOSITORY, RUN, Room


async def test_what_git_does_not_track_stays_and_the_rest_is_the_commit(
    room: Room, base: str
) -> None:
    objects = room.objects()
    async with room.worktrees.take(REPOSITORY, None, RUN) as worktree:
        await worktree.reset(base)
        (worktree.path / "src/shop.py").write_text("PRICE = 2\n")
        tree = await worktree.capture(drop=junk)
        work = await objects.commit(tree, (base,), "x", author=APP, at=1)

        await worktree.reset(base)
        (worktree.path / "ignored").mkdir()
        (worktree.path / "ignored/tool").write_text("t")
        (worktree.path / "README.md").write_text("changed by setup")
        await worktree.lay(work)

        assert (worktree.path / "ignored/tool").read_text() == "t"
        assert (worktree.path / "src/shop.py").read_text() == "PRICE = 2\n"
        assert (worktree.path / "README.md").read_text() == FILES["README.md"]
        assert await worktree.capture(drop=junk) == tree


async def test_a_link_of_setup_in_the_place_of_a_folder_leads_nowhere(
    room: Room, base: str
) -> None:
    outside = room.data / "outside"
    outside.mkdir()
    (outside / "shop.py").write_text("mine\n")
    async with room.worktrees.take(REPOSITORY, None, RUN) as worktree:
        await worktree.reset(base)
        (worktree.path / "src/shop.py").unlink()
        (worktree.path / "src/cart/cart.py").unlink()
        (worktree.path / "src/cart").rmdir()
        (worktree.path / "src").rmdir()
        (worktree.path / "src").symlink_to(outside)

        await worktree.lay(base)

        assert (outside / "shop.py").read_text() == "mine\n"
        assert not (worktree.path / "src").is_symlink()


async def test_the_paths_of_a_commit(room: Room, base: str) -> None:
    assert await room.objects().paths(base) == sorted(FILES)


async def test_a_fetched_commit_can_be_named_as_a_branch(room: Room, base: str) -> None:
    mirror = await room.mirrors.keep_branch(REPOSITORY, "main", base)

    assert (mirror / "refs/heads/main").read_text().strip() == base
    assert await room.mirrors.remote_sha(REPOSITORY, room.hub.url, TOKEN, "main") == base
