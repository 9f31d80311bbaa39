"""Plumbing on a bare repository, checked by what git itself says of the result."""

import asyncio
from pathlib import Path

import pytest

from bot.forge.git import (
    ZERO,
    ContentMoved,
    FileWrite,
    GitFailed,
    Identity,
    NewCommit,
    NewTag,
    ObjectMissing,
    RefMoved,
    TreeEntry,
    branches,
    compare,
    create_blob,
    create_commit,
    create_ref,
    create_tag,
    create_tree,
    delete_ref,
    diff_files,
    diff_text,
    fork_repository,
    is_ancestor,
    log,
    merge_base,
    mergeable,
    patch_text,
    read_blob,
    read_commit,
    read_path,
    read_ref,
    read_tree,
    refs,
    resolve,
    set_head,
    update_ref,
    write_file,
)
from bot.forge.git.process import git
from tests.forge.git.conftest import ANA, commit_files

MAIN = "refs/heads/main"
BO = Identity.from_iso("Bo", "bo@example.org", "2026-03-01T12:00:00+02:00")


async def main(repository: Path) -> str:
    return str(await read_ref(repository, MAIN))


async def test_blobs_are_gits_own(repository: Path) -> None:
    sha = await create_blob(repository, b"hello\n")

    assert sha == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert await read_blob(repository, sha) == b"hello\n"


@pytest.mark.parametrize("sha", ["0" * 40, "", "not a sha", "HEAD"])
async def test_what_is_no_blob_is_missing(repository: Path, sha: str) -> None:
    with pytest.raises(ObjectMissing):
        await read_blob(repository, sha)


async def test_a_tree_is_laid_over_its_base(repository: Path) -> None:
    blob = await create_blob(repository, b"x")
    entries = [
        TreeEntry(path="src/deep/new.py", mode="100755", sha=blob),
        TreeEntry(path="README.md", mode="100644", sha=None),
    ]

    sha = await create_tree(repository, entries, await main(repository))

    _, found = await read_tree(repository, sha, recursive=True)
    assert [(e.mode, e.type, e.path) for e in found] == [
        ("040000", "tree", "src"),
        ("040000", "tree", "src/deep"),
        ("100755", "blob", "src/deep/new.py"),
        ("100644", "blob", "src/shop.py"),
    ]


async def test_a_whole_tree_takes_the_place_of_another(repository: Path) -> None:
    blob = await create_blob(repository, b"x")
    small = await create_tree(repository, [TreeEntry(path="a", mode="100644", sha=blob)])
    graft = TreeEntry(path="src", mode="040000", type="tree", sha=small)

    sha = await create_tree(repository, [graft], await main(repository))

    _, found = await read_tree(repository, sha, recursive=True)
    assert [e.path for e in found if e.type == "blob"] == ["README.md", "src/a"]


@pytest.mark.parametrize("path", ["../x", ".git/config", "a//b", "/a", "a/../b", ""])
async def test_paths_that_git_refuses_make_no_tree(repository: Path, path: str) -> None:
    entry = TreeEntry(path=path, mode="100644", sha=await create_blob(repository, b"x"))

    with pytest.raises(GitFailed):
        await create_tree(repository, [entry])


async def test_a_tree_of_missing_things_is_refused(repository: Path) -> None:
    entry = TreeEntry(path="a", mode="100644", sha="1" * 40)

    with pytest.raises(GitFailed):
        await create_tree(repository, [entry])
    with pytest.raises(ObjectMissing):
        await create_tree(repository, [], "1" * 40)


async def test_a_commit_comes_back_as_it_was_written(repository: Path) -> None:
    parent = await main(repository)
    tree = (await read_commit(repository, parent)).tree
    new = NewCommit(
        tree=tree,
        parents=[parent],
        message="Title\n\nBody\n",
        author=BO,
        committer=ANA,
        signature="-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----",
    )

    found = await read_commit(repository, await create_commit(repository, new))

    assert (found.title, found.message) == ("Title", "Title\n\nBody")
    assert (found.author, found.committer, found.parents) == (BO, ANA, (parent,))
    assert found.signature == new.signature
    assert found.author.date == "2026-03-01T10:00:00Z"


async def test_a_commit_of_missing_things_is_refused(repository: Path) -> None:
    tree = (await read_commit(repository, MAIN)).tree
    for wrong in (
        NewCommit(tree="1" * 40, parents=[], message="", author=ANA),
        NewCommit(tree=tree, parents=["1" * 40], message="", author=ANA),
        NewCommit(tree=tree, parents=[tree], message="", author=ANA),
    ):
        with pytest.raises(ObjectMissing):
            await create_commit(repository, wrong)


async def test_names_cannot_break_a_commit(repository: Path) -> None:
    tree = (await read_commit(repository, MAIN)).tree
    evil = Identity(name="A <x>\nparent 0", email="a>b\n", at=1)

    sha = await create_commit(
        repository, NewCommit(tree=tree, parents=[], message="m", author=evil)
    )

    assert (await read_commit(repository, sha)).author.name == "A xparent 0"
    await git(repository, "fsck", "--strict")


async def test_an_annotated_tag_points_to_its_commit(repository: Path) -> None:
    head = await main(repository)
    tag = NewTag(name="v1", target=head, kind="commit", message="One", tagger=ANA)

    await create_ref(repository, "refs/tags/v1", await create_tag(repository, tag))

    assert await resolve(repository, "v1") == head


async def test_a_branch_goes_before_a_tag_of_its_name(repository: Path) -> None:
    other = await commit_files(repository, {"a": "a"})
    await create_ref(repository, "refs/tags/main", other)

    assert await resolve(repository, "main") == await main(repository)
    assert await resolve(repository, "refs/tags/main") == other


@pytest.mark.parametrize("name", ["", "nowhere", "--all", "main~0", "a b", "main:src", "\n"])
async def test_what_is_no_name_resolves_to_nothing(repository: Path, name: str) -> None:
    assert await resolve(repository, name) is None


async def test_refs_are_read_whether_packed_or_not(repository: Path) -> None:
    head = await main(repository)
    await git(repository, "pack-refs", "--all")
    await create_ref(repository, "refs/heads/a/b", head)

    assert await branches(repository) == {"a/b": head, "main": head}
    assert await refs(repository, "refs/heads/a") == {"refs/heads/a/b": head}


async def test_a_ref_moves_only_from_where_it_was_seen(repository: Path) -> None:
    head = await main(repository)
    child = await commit_files(repository, {"a": "a"}, head)

    await update_ref(repository, MAIN, child, head)

    with pytest.raises(RefMoved):
        await update_ref(repository, MAIN, head, head)
    assert await is_ancestor(repository, head, child)
    assert not await is_ancestor(repository, child, head)


async def test_of_many_writers_one_wins(repository: Path) -> None:
    head = await main(repository)
    shas = [await commit_files(repository, {"n": str(n)}, head) for n in range(5)]

    moves = [update_ref(repository, MAIN, sha, head) for sha in shas]
    results = await asyncio.gather(*moves, return_exceptions=True)

    assert sum(result is None for result in results) == 1


async def test_a_ref_is_created_and_deleted_once(repository: Path) -> None:
    head = await main(repository)
    await create_ref(repository, "refs/heads/next", head)

    with pytest.raises(RefMoved):
        await create_ref(repository, "refs/heads/next", head)
    await delete_ref(repository, "refs/heads/next")
    with pytest.raises(RefMoved):
        await delete_ref(repository, "refs/heads/next")


@pytest.mark.parametrize("ref", ["refs/heads/a..b", "refs/heads/", "main", "refs/heads/main/x"])
async def test_bad_names_and_missing_commits_make_no_ref(repository: Path, ref: str) -> None:
    with pytest.raises(GitFailed):
        await create_ref(repository, ref, await main(repository))
    with pytest.raises(GitFailed):
        await update_ref(repository, "refs/heads/new", "1" * 40, ZERO)


async def test_the_head_and_a_fork(repository: Path, tmp_path: Path) -> None:
    await create_ref(repository, "refs/heads/next", await main(repository))
    await set_head(repository, "next")

    await fork_repository(repository, tmp_path / "fork.git")

    assert await refs(tmp_path / "fork.git") == await refs(repository)
    assert (await git(tmp_path / "fork.git", "symbolic-ref", "HEAD")) == b"refs/heads/next\n"


async def test_a_path_is_a_file_a_directory_or_missing(repository: Path) -> None:
    file = await read_path(repository, "main", "src/shop.py")
    root = await read_path(repository, "main", "")

    assert (file.name, file.type, file.data) == ("shop.py", "blob", b"PRICE = 1\n")
    assert [entry.path for entry in root.entries] == ["README.md", "src"]
    for path in ("nothing", "src/shop.py/x", "../x", "src/../README.md", "a\nb"):
        with pytest.raises(ObjectMissing):
            await read_path(repository, "main", path)


def change(data: bytes | None, sha: str | None, path: str = "README.md") -> FileWrite:
    return FileWrite(
        branch="main", path=path, data=data, sha=sha, message="m", author=ANA, committer=ANA
    )


async def test_a_file_is_written_over_the_one_that_was_seen(repository: Path) -> None:
    old = await read_path(repository, "main", "README.md")

    written = await write_file(repository, change(b"new", old.sha))

    assert (await read_path(repository, "main", "README.md")).data == b"new"
    assert (written.commit, written.parent) != (written.parent, written.commit)
    for sha in (None, old.sha):
        with pytest.raises(ContentMoved):
            await write_file(repository, change(b"newer", sha))


async def test_a_file_is_taken_away(repository: Path) -> None:
    old = await read_path(repository, "main", "README.md")

    await write_file(repository, change(None, old.sha))

    with pytest.raises(ObjectMissing):
        await read_path(repository, "main", "README.md")
    with pytest.raises(ObjectMissing):
        await write_file(repository, change(None, None))


async def test_a_directory_is_not_overwritten_by_a_file(repository: Path) -> None:
    src = await read_path(repository, "main", "src")

    with pytest.raises(ContentMoved):
        await write_file(repository, change(b"x", src.sha, "src"))


async def test_a_comparison_counts_from_the_common_commit(repository: Path) -> None:
    base = await main(repository)
    ours = await commit_files(repository, {"README.md": "# Shop 2\n", "b": "b\n"}, base)
    theirs = await commit_files(repository, {"c": "c\n"}, base)

    found = await compare(repository, theirs, ours)

    assert (found.status, found.behind, [c.sha for c in found.ahead]) == ("diverged", 1, [ours])
    assert found.merge_base.sha == base == await merge_base(repository, ours, theirs)
    assert [(f.filename, f.status, f.additions, f.deletions) for f in found.files] == [
        ("README.md", "modified", 1, 1),
        ("b", "added", 1, 0),
    ]
    assert found.files[0].patch == "@@ -1 +1 @@\n-# Shop\n+# Shop 2"


async def test_the_other_states_of_a_comparison(repository: Path) -> None:
    base = await main(repository)
    child = await commit_files(repository, {"a": "a"}, base)

    assert (await compare(repository, base, base)).status == "identical"
    assert (await compare(repository, base, child)).status == "ahead"
    assert (await compare(repository, child, base)).status == "behind"
    alone = await commit_files(repository, {"a": "a"})
    with pytest.raises(ObjectMissing):
        await compare(repository, base, alone)
    with pytest.raises(ObjectMissing):
        await compare(repository, "nowhere", base)


async def test_a_diff_of_odd_files_is_cut_at_the_right_places(repository: Path) -> None:
    before = await commit_files(
        repository, {"old name": "1\n2\n3\n4\n", "kind": "text\n", "gone\tfile": "x\n", "z": "z\n"}
    )
    blob, link = await create_blob(repository, b"\0\1"), await create_blob(repository, b"z")
    lie = await create_blob(repository, b"diff --git a/x b/x\n@@ -1 +1 @@\n")
    moved = await create_blob(repository, b"1\n2\n3\n4\n5\n")
    entries = [
        TreeEntry(path="old name", mode="100644", sha=None),
        TreeEntry(path="new näme", mode="100644", sha=moved),
        TreeEntry(path="kind", mode="120000", sha=link),
        TreeEntry(path="gone\tfile", mode="100644", sha=None),
        TreeEntry(path="binary", mode="100644", sha=blob),
        TreeEntry(path="lie", mode="100644", sha=lie),
        TreeEntry(path="z", mode="100755", sha=await create_blob(repository, b"z\n")),
    ]
    after = await create_tree(repository, entries, before)

    found = {f.filename: f for f in await diff_files(repository, before, after)}

    assert {name: (f.status, f.patch) for name, f in found.items()} == {
        "binary": ("added", None),
        "gone\tfile": ("removed", "@@ -1 +0,0 @@\n-x"),
        "kind": (
            "changed",
            "@@ -1 +0,0 @@\n-text\n@@ -0,0 +1 @@\n+z\n\\ No newline at end of file",
        ),
        "lie": ("added", "@@ -0,0 +1,2 @@\n+diff --git a/x b/x\n+@@ -1 +1 @@"),
        "new näme": ("renamed", "@@ -2,3 +2,4 @@\n 2\n 3\n 4\n+5"),
        "z": ("modified", None),
    }
    assert found["binary"].binary
    assert found["new näme"].previous_filename == "old name"
    assert found["gone\tfile"].sha is None


async def test_merges_are_foreseen(repository: Path) -> None:
    base = await main(repository)
    one = await commit_files(repository, {"README.md": "one\n"}, base)
    other = await commit_files(repository, {"README.md": "other\n"}, base)
    apart = await commit_files(repository, {"a": "a\n"}, base)

    assert await mergeable(repository, one, apart)
    assert not await mergeable(repository, one, other)


async def test_diff_and_patch_are_fit_for_git(repository: Path) -> None:
    base = await main(repository)
    head = await commit_files(repository, {"README.md": "two\n"}, base)

    assert "+two\n" in await diff_text(repository, base, head)
    assert "Subject: [PATCH] Change the shop\n" in await patch_text(repository, base, head)


async def test_a_log_goes_back_by_pages_and_paths(repository: Path) -> None:
    sha = await main(repository)
    for n in range(3):
        sha = await commit_files(repository, {"n": str(n)}, sha)

    assert len(await log(repository, sha)) == 4
    assert [c.sha for c in await log(repository, sha, limit=1, skip=3)] == [await main(repository)]
    assert len(await log(repository, sha, path="src")) == 1
    with pytest.raises(ObjectMissing):
        await log(repository, "nowhere")
