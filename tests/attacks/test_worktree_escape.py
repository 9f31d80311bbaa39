"""An agent's git means nothing outside its box (security.md 5, 17, 32)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.box import Command, Outcome, probe
from bot.worktree import Worktree
from tests.worktree.hub import git
from tests.worktree.rooms import APP, FILES, REPOSITORY, RUN, Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        room.hub.commit(FILES)
        await room.fetch()
        yield room


@pytest.fixture
async def worktree(room: Room) -> AsyncIterator[Worktree]:
    async with room.worktrees.take(REPOSITORY, room.hub.sha("main"), RUN) as worktree:
        yield worktree


async def boxed(worktree: Worktree, script: str) -> Outcome:
    box = await probe("bubblewrap")
    command = Command(argv=("/bin/sh", "-c", script), mounts=worktree.mounts, seconds=30)
    return await box.run(command)


async def touch_all(worktree: Worktree, base: str) -> list[str]:
    """Do everything that the host ever does with a worktree; answers what changed, by path."""
    tree = await worktree.capture(drop=lambda _: False)
    changes = await worktree.objects.changes(base, tree)
    await worktree.objects.diff(base, tree)
    await worktree.reset(base)
    return [f"{change.new_mode} {change.path}" for change in changes]


def marker(room: Room) -> Path:
    """A file that only a process outside of the box could make."""
    return room.data.parent / "PWNED"


async def test_the_agents_own_git_works(worktree: Worktree) -> None:
    outcome = await boxed(
        worktree,
        "git status --porcelain && git log --oneline | wc -l && echo new >> README.md"
        " && git add -A && git commit -qm mine && git log --oneline | wc -l"
        " && git diff HEAD~1 --stat && git -C src status",
    )

    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.split()[:2] == ["1", "2"]
    assert "error:" not in outcome.output


async def test_the_agents_commit_is_nowhere_else(room: Room, worktree: Worktree) -> None:
    outcome = await boxed(worktree, "echo x >> README.md; git commit -qam mine; git rev-parse HEAD")

    mine = outcome.output.strip().splitlines()[-1]
    assert len(mine) == 40
    assert not await worktree.objects.has(mine)


async def test_mirror_objects_and_pointer_cannot_be_written(room: Room, worktree: Worktree) -> None:
    before = sorted(room.mirrors.path(REPOSITORY).rglob("*"))

    outcome = await boxed(
        worktree,
        "touch /mirror/objects/x; touch /own/objects/x; rm -f .git; echo x > .git; mv .git g;"
        " mkdir -p .git/hooks && touch .git/hooks/x && echo REACHED",
    )

    assert "REACHED" not in outcome.output
    assert (worktree.path / ".git").read_text() == "gitdir: /git\n"
    assert sorted(room.mirrors.path(REPOSITORY).rglob("*")) == before


async def test_a_box_sees_neither_the_real_git_directory_nor_another_run(
    room: Room, worktree: Worktree
) -> None:
    base = room.hub.sha("main")
    other = room.objects("another")
    theirs = await other.commit(await other.tree(base), (base,), "Theirs", author=APP, at=0)

    outcome = await boxed(
        worktree, f"git cat-file -e {theirs} || echo NONE; ls {room.data} 2>&1; cat .git"
    )

    assert "NONE" in outcome.output
    assert "No such file" in outcome.output
    assert str(room.data) not in (worktree.path / ".git").read_text()


async def test_hooks_filters_and_monitors_run_nowhere_outside(
    room: Room, worktree: Worktree
) -> None:
    await boxed(
        worktree,
        f"""
        evil='touch {marker(room)}'
        mkdir -p /git/hooks /tree/hooks
        for hook in pre-commit post-checkout post-index-change reference-transaction; do
            printf '#!/bin/sh\\n%s\\n' "$evil" > /git/hooks/$hook; chmod +x /git/hooks/$hook
            cp /git/hooks/$hook /tree/hooks/
        done
        for key in core.fsmonitor filter.evil.clean filter.evil.smudge diff.evil.textconv; do
            git config $key "$evil"; git config -f /tree/.gitconfig $key "$evil"
        done
        git config core.hooksPath /tree/hooks
        echo '* filter=evil diff=evil' > .gitattributes
        """,
    )

    changed = await touch_all(worktree, room.hub.sha("main"))

    assert "100644 .gitattributes" in changed
    assert not marker(room).exists()


async def test_a_nested_repository_is_never_entered(room: Room, worktree: Worktree) -> None:
    outcome = await boxed(
        worktree,
        f"""
        mkdir sub && cd sub && git init -q . && echo s > s && git add s
        git -c user.name=a -c user.email=a@b commit -qm s
        git config core.fsmonitor 'touch {marker(room)}'; git config core.hooksPath .git/hooks
        cd .. && cp -r sub src/sub && git -C src init -q
        git -C src config core.fsmonitor 'touch {marker(room)}'
        """,
    )
    assert outcome.exit_code == 0, outcome.output

    changed = await touch_all(worktree, room.hub.sha("main"))

    assert changed == ["160000 src/sub", "160000 sub"]
    assert not marker(room).exists()
    assert list(worktree.path.rglob(".git")) == [worktree.path / ".git"]


async def test_a_submodule_of_the_base_is_never_entered(room: Room) -> None:
    git(room.hub.work, "update-index", "--add", "--cacheinfo", f"160000,{'2' * 40},module")
    git(room.hub.work, "commit", "-q", "-m", "With a submodule")
    room.hub.publish()
    base = await room.fetch()

    async with room.worktrees.take(REPOSITORY, base, RUN) as worktree:
        await boxed(
            worktree,
            f"cd module && git init -q . && echo s > s && git add s"
            f" && git -c user.name=a -c user.email=a@b commit -qm s"
            f" && git config core.fsmonitor 'touch {marker(room)}'",
        )
        changed = await touch_all(worktree, base)

    assert changed == ["160000 module"]
    assert not marker(room).exists()


async def test_a_folder_replaced_by_a_link_leads_nobody_outside(
    room: Room, worktree: Worktree, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (outside / "cart").mkdir(parents=True)
    for name in ("shop.py", "cart/cart.py", "other"):
        (outside / name).write_text("theirs\n")
    await boxed(worktree, f"rm -r src && ln -s {outside} src && ln -s {outside} link")

    changed = await touch_all(worktree, room.hub.sha("main"))

    assert changed == ["120000 link", "120000 src", "None src/cart/cart.py", "None src/shop.py"]
    assert {path.read_text() for path in outside.rglob("*") if path.is_file()} == {"theirs\n"}
    assert len(list(outside.rglob("*"))) == 4
    assert (worktree.path / "src/shop.py").read_text() == "PRICE = 1\n"


async def test_without_a_box_a_link_in_the_place_of_the_tree_is_not_followed(
    room: Room, worktree: Worktree, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    worktree.path.rename(outside)
    (outside / "theirs").write_text("theirs\n")
    worktree.path.symlink_to(outside)

    changed = await touch_all(worktree, room.hub.sha("main"))

    assert len(changed) == len(FILES)
    assert (outside / "theirs").exists()
    assert not worktree.path.is_symlink()


async def test_without_a_box_a_repository_in_the_place_of_the_pointer_is_not_used(
    room: Room, worktree: Worktree
) -> None:
    (worktree.path / ".git").unlink()
    git(worktree.path, "init", "-q")
    git(worktree.path, "config", "core.fsmonitor", f"touch {marker(room)}")

    assert await touch_all(worktree, room.hub.sha("main")) == []

    assert not marker(room).exists()
    assert (worktree.path / ".git").read_text() == "gitdir: /git\n"


async def test_git_of_the_host_finds_no_repository_in_a_worktree(worktree: Worktree) -> None:
    with pytest.raises(AssertionError, match="not a git repository"):
        git(worktree.path, "status")
