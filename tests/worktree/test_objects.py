"""A run's commits, differences, bundles and patches, in an object directory of its own."""

import shutil
from pathlib import Path

import pytest

from bot.errors import GitError
from bot.worktree import Change, Damaged, Objects
from tests.worktree.hub import git
from tests.worktree.rooms import APP, REPOSITORY, RUN, Room

AT = 1_760_000_000
BINARY = bytes(range(256)) * 8


async def work(room: Room, base: str, files: dict[str, bytes], run: str = RUN) -> str:
    """Write files over the base as an agent would, and commit what lies there then."""
    async with room.worktrees.take(REPOSITORY, base, run) as worktree:
        for name, content in files.items():
            (worktree.path / name).parent.mkdir(parents=True, exist_ok=True)
            (worktree.path / name).write_bytes(content)
        tree = await worktree.capture(drop=lambda _: False)
        return await worktree.objects.commit(tree, (base,), "Raise the price", author=APP, at=AT)


async def test_the_same_commit_has_the_same_id(room: Room, base: str) -> None:
    tree = await room.objects("run1").tree(base)

    first = await room.objects("run1").commit(tree, (base,), "Start ⚘", author=APP, at=AT)
    second = await room.objects("run2").commit(tree, (base,), "Start ⚘\n", author=APP, at=AT)

    assert first == second
    assert await room.objects("run1").is_ancestor(base, first)
    assert not await room.objects("run1").is_ancestor(first, base)


async def test_a_commit_names_the_app_and_the_recorded_time(room: Room, base: str) -> None:
    objects = room.objects()
    commit = await objects.commit(await objects.tree(base), (base,), "Start", author=APP, at=AT)

    who = f"coppice-test[bot] <41+coppice-test[bot]@users.noreply.github.com> {AT} +0000"
    text = (await objects.git.run("cat-file", "commit", commit)).decode()
    assert text.splitlines()[2:] == [f"author {who}", f"committer {who}", "", "Start"]


async def test_a_commit_of_a_run_is_not_in_the_mirror(room: Room, base: str) -> None:
    commit = await work(room, base, {"new.py": b"x\n"})

    assert await room.objects().has(commit)
    assert not await room.objects("another").has(commit)


async def test_changes_name_modes_and_ids(room: Room, base: str) -> None:
    commit = await work(room, base, {"new.py": b"x\n"})

    assert await room.objects().changes(base, commit) == [
        Change(
            path="new.py",
            status="A",
            old_mode=None,
            new_mode="100644",
            old_sha=None,
            new_sha="587be6b4c3f93f93c489c0111bba5596147a26cb",
        )
    ]


async def test_lines_are_counted_and_binary_files_are_not(room: Room, base: str) -> None:
    commit = await work(room, base, {"src/shop.py": b"PRICE = 2\nTAX = 1\n", "b": BINARY})

    assert await room.objects().numstat(base, commit) == {"b": None, "src/shop.py": (2, 1)}


async def test_added_lines_are_told_from_all_that_looks_like_a_diff(room: Room, base: str) -> None:
    tricky = b"diff --git a/x b/x\n@@ -0,0 +1,9 @@\n+++ b/y\n--- a/y\n\\ No newline"
    commit = await work(
        room, base, {"tricky": tricky, "b": BINARY, "src/shop.py": b"PRICE = 1\n+KEY = 1\n"}
    )

    assert await room.objects().added(base, commit) == {
        "tricky": tricky + b"\n",
        "b": BINARY + b"\n",
        "src/shop.py": b"+KEY = 1\n",
    }


async def test_added_lines_of_a_file_that_became_a_link(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        (worktree.path / "README.md").unlink()
        (worktree.path / "README.md").symlink_to("/etc/passwd")
        (worktree.path / "zz").write_text("last\n")
        tree = await worktree.capture(drop=lambda _: False)

    added = await room.objects().added(base, tree)

    assert added == {"README.md": b"/etc/passwd\n", "zz": b"last\n"}


async def test_a_hostile_attributes_file_hides_nothing(room: Room, base: str) -> None:
    hidden = {".gitattributes": b"* -diff binary filter=evil\n", "src/shop.py": b"KEY = 1\n"}
    commit = await work(room, base, hidden)

    assert (await room.objects().added(base, commit))["src/shop.py"] == b"KEY = 1\n"
    assert "+KEY = 1" in await room.objects().diff(base, commit)


async def test_a_file_of_a_commit_is_read_and_a_link_is_not(room: Room, base: str) -> None:
    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        (worktree.path / "link").symlink_to("/etc/passwd")
        tree = await worktree.capture(drop=lambda _: False)

    objects = room.objects()
    assert await objects.file(base, "README.md") == b"# Shop\n"
    assert await objects.file(tree, "link") is None
    assert await objects.file(tree, "src") is None
    assert await objects.file(tree, "nowhere") is None


async def test_a_bundle_survives_the_loss_of_the_objects(room: Room, base: str) -> None:
    commit = await work(room, base, {"new.py": b"x\n"})
    kept = await room.objects().bundle(base, commit)
    assert kept == room.data / "runs" / RUN / "work.bundle"
    shutil.rmtree(room.data / "runs" / RUN / "git")

    assert await room.objects().restore() == commit

    assert [change.path for change in await room.objects().changes(base, commit)] == ["new.py"]


async def test_a_second_bundle_takes_the_place_of_the_first(room: Room, base: str) -> None:
    first = await work(room, base, {"new.py": b"x\n"})
    await room.objects().bundle(base, first)
    second = await work(room, first, {"new.py": b"y\n"})
    await room.objects().bundle(base, second)
    shutil.rmtree(room.data / "runs" / RUN / "git")

    assert await room.objects().restore() == second


async def test_locks_of_a_git_that_was_killed_keep_nothing_from_being_kept(
    room: Room, base: str
) -> None:
    commit = await work(room, base, {"new.py": b"x\n"})
    files = room.data / "runs" / RUN
    for left in ("work.part.lock", "with-files.index.lock"):
        (files / left).touch()

    kept = await room.objects().bundle(base, commit)
    tree = await room.objects().with_files(commit, {"new.py": b"y\n"})

    assert kept.is_file()
    assert await room.objects().file(tree, "new.py") == b"y\n"


@pytest.mark.parametrize("cut", [0, 10, -1, -30])
async def test_a_broken_bundle_is_named_so(room: Room, base: str, cut: int) -> None:
    kept = await room.objects().bundle(base, await work(room, base, {"new.py": b"x\n" * 99}))
    kept.write_bytes(kept.read_bytes()[:cut])
    shutil.rmtree(room.data / "runs" / RUN / "git")

    with pytest.raises(GitError):
        await room.objects().restore()


async def test_no_bundle_is_named_so(room: Room) -> None:
    with pytest.raises(Damaged, match="no kept work"):
        await room.objects().restore()


@pytest.mark.parametrize("mbox", [False, True])
async def test_a_patch_gives_the_same_tree_elsewhere(
    room: Room, base: str, tmp_path: Path, *, mbox: bool
) -> None:
    commit = await work(
        room, base, {"new.py": b"no newline", "b": BINARY, "src/shop.py": b"PRICE = 2\r\n"}
    )
    patch = await room.objects().patch(base, commit, mbox=mbox)

    git(room.hub.work, "reset", "-q", "--hard", base)
    command = ("am", "-q", "--keep-cr") if mbox else ("apply", "--index")
    git(room.hub.work, *command, stdin=patch)

    assert git(room.hub.work, "write-tree") == await room.objects().tree(commit)


async def test_a_patch_of_no_work_is_empty(room: Room, base: str) -> None:
    assert await room.objects().patch(base, base) == b""
    assert await room.objects().patch(base, base, mbox=True) == b""


@pytest.mark.parametrize("name", ["--output=/tmp/x", "HEAD", "refs/heads/main", "1" * 39, ""])
async def test_only_object_ids_are_objects(room: Room, base: str, name: str) -> None:
    with pytest.raises(GitError, match="not an object id"):
        await room.objects().changes(base, name)


@pytest.mark.parametrize("run", ["../other", "", "a/b", "."])
def test_only_a_run_id_names_a_directory(room: Room, run: str) -> None:
    with pytest.raises(ValueError, match="not the id of a run"):
        room.objects(run)


async def test_a_data_directory_may_have_any_name(room: Room, tmp_path: Path) -> None:
    room.hub.commit({"README.md": "# Shop\n"})
    odd = Objects(tmp_path / 'a:b "c\\' / "run", room.mirrors, REPOSITORY)
    base = await room.fetch()

    commit = await odd.commit(await odd.tree(base), (base,), "Start", author=APP, at=AT)

    assert await odd.has(commit)
