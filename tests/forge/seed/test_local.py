"""Anybody's repository as the forge's, which never writes to theirs."""

import subprocess
from pathlib import Path

import pytest

from bot.forge.git import branches, read_path
from bot.forge.seed import SeedRefused, seed_from
from bot.forge.state import State

BO = ("-c", "user.name=Bo", "-c", "user.email=bo@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A repository with two commits on `trunk`, a branch `side` and a dirty file."""
    path = tmp_path / "My project"
    path.mkdir()
    run(path, "init", "-q", "-b", "trunk")
    for text in ("one", "two"):
        (path / "file").write_text(text)
        run(path, "add", "-A")
        run(path, *BO, "commit", "-q", "-m", text)
    run(path, "branch", "side", "HEAD~1")
    (path / "file").write_text("not committed")
    return path


def run(path: Path, *arguments: str) -> str:
    command = ("git", "-C", str(path), *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def listing(path: Path) -> dict[str, int]:
    return {str(p.relative_to(path)): p.stat().st_mtime_ns for p in path.rglob("*")}


@pytest.mark.parametrize(
    ("base", "branch", "text"),
    [
        ("trunk", "trunk", b"two"),
        ("side", "side", b"one"),
        ("HEAD~1", "main", b"one"),
        ("HEAD", "main", b"two"),
    ],
)
async def test_the_branch_is_the_base_or_main(
    theirs: Path, state: State, base: str, branch: str, text: bytes
) -> None:
    seed = await seed_from(state, theirs, base, "Title", "Body")

    path = seed.repository.path
    assert (seed.repository.default_branch, list(await branches(path))) == (branch, [branch])
    assert (await read_path(path, branch, "file")).data == text


async def test_a_branch_is_taken_before_a_tag_of_its_name(theirs: Path, state: State) -> None:
    run(theirs, "tag", "trunk", "HEAD~1")

    seed = await seed_from(state, theirs, "trunk", "Title", "Body")

    head = await read_path(seed.repository.path, "refs/heads/trunk", "file")
    assert (seed.repository.default_branch, head.data) == ("trunk", b"two")


async def test_the_issue_and_the_name_are_what_was_given(theirs: Path, state: State) -> None:
    seed = await seed_from(state, theirs, "trunk", "Title", "Body")

    assert (seed.repository.full_name, seed.issue.number) == ("acme/My-project", 1)
    assert (seed.issue.title, seed.issue.body) == ("Title", "Body")


async def test_their_repository_is_not_written(theirs: Path, state: State) -> None:
    before = listing(theirs)

    await seed_from(state, theirs, "trunk", "Title", "Body")

    assert listing(theirs) == before


async def test_a_bare_repository_and_a_full_sha_will_do(
    theirs: Path, state: State, tmp_path: Path
) -> None:
    run(tmp_path, "clone", "-q", "--bare", str(theirs), "bare.git")
    sha = run(theirs, "rev-parse", "trunk~1")

    seed = await seed_from(state, tmp_path / "bare.git", sha, "Title", "")

    assert await branches(seed.repository.path) == {"main": sha}


async def test_a_worktree_of_theirs_will_do(theirs: Path, state: State, tmp_path: Path) -> None:
    run(theirs, "worktree", "add", "-q", str(tmp_path / "linked"), "side")

    seed = await seed_from(state, tmp_path / "linked", "side", "Title", "")

    assert list(await branches(seed.repository.path)) == ["side"]


@pytest.mark.parametrize(
    ("base", "word"),
    [
        ("nowhere", "nowhere is not a commit"),
        ("--all", "--all is not a commit"),
        ("", "not a commit"),
    ],
)
async def test_an_unknown_base_is_named(theirs: Path, state: State, base: str, word: str) -> None:
    with pytest.raises(SeedRefused, match=word):
        await seed_from(state, theirs, base, "Title", "")


async def test_a_directory_without_git_is_named(state: State, tmp_path: Path) -> None:
    with pytest.raises(SeedRefused, match="is not a git repository"):
        await seed_from(state, tmp_path, "main", "Title", "")


async def test_a_repository_without_a_commit_is_named(state: State, tmp_path: Path) -> None:
    run(tmp_path, "init", "-q")

    with pytest.raises(SeedRefused, match="has no commit yet"):
        await seed_from(state, tmp_path, "main", "Title", "")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--depth", "1"), "is a shallow clone; `git -C .* fetch --unshallow`"),
        (("--filter=blob:none",), "is a partial clone"),
    ],
)
async def test_half_a_repository_is_refused(
    theirs: Path, state: State, tmp_path: Path, options: tuple[str, ...], word: str
) -> None:
    run(theirs, "config", "uploadpack.allowFilter", "true")
    run(tmp_path, "clone", "-q", *options, theirs.as_uri(), "half")

    with pytest.raises(SeedRefused, match=word):
        await seed_from(state, tmp_path / "half", "trunk", "Title", "")


async def test_objects_that_github_does_not_take_are_refused(state: State, tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "--object-format=sha256")
    run(tmp_path, *BO, "commit", "-q", "--allow-empty", "-m", "one")

    with pytest.raises(SeedRefused, match="SHA-256"):
        await seed_from(state, tmp_path, "HEAD", "Title", "")
