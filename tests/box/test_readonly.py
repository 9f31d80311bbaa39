"""Plan and review see the worktree and cannot change it."""

from dataclasses import replace
from pathlib import Path

from bot.box import GIT, TREE, Choice, Mount, probe, readonly
from tests.box.boxed import EACH_LEVEL, boxed, command


def mounts_in(folder: Path) -> tuple[Mount, ...]:
    """Make what a worktree shows, as `bot.worktree.slot` does."""
    (folder / "pointer").write_text(f"gitdir: {GIT}\n")
    return (
        Mount(source=folder / "tree", target=TREE, writable=True),
        Mount(source=folder / "pointer", target=f"{TREE}/.git"),
        Mount(source=folder / "git", target=GIT, writable=True),
    )


@EACH_LEVEL
async def test_the_tree_can_be_read_and_not_written(tmp_path: Path, level: Choice) -> None:
    script = "cat file; echo x > file; echo x > new; rm -f file; mkdir d; ln -s a b; mv file other"
    given = command(tmp_path / "tree", script)
    (tmp_path / "git").mkdir()
    (tmp_path / "tree/file").write_text("content\n")
    (tmp_path / "tree/.git").write_text(f"gitdir: {GIT}\n")
    box = await probe(level)

    outcome = await box.run(replace(given, mounts=readonly(mounts_in(tmp_path))))

    assert outcome.output.startswith("content\n")
    assert (tmp_path / "tree/file").read_text() == "content\n"
    assert {path.name for path in (tmp_path / "tree").iterdir()} <= {"file", ".git"}


@EACH_LEVEL
async def test_git_looks_at_the_tree_without_writing(tmp_path: Path, level: Choice) -> None:
    tree, git = tmp_path / "tree", tmp_path / "git"
    await boxed(git, "git init -q --bare . && git config core.bare false")
    tree.mkdir()
    (tree / "new").write_text("x")
    (tree / ".git").write_text(f"gitdir: {GIT}\n")
    given = command(tree, "git status --porcelain; git config user.name evil; echo $?")
    box = await probe(level)

    outcome = await box.run(replace(given, mounts=readonly(mounts_in(tmp_path))))

    assert outcome.output.startswith("?? new\n")
    assert not outcome.output.endswith("\n0\n")
    assert "evil" not in (git / "config").read_text()
