"""git's own client against the forge: clone, fetch, push, and every way to be refused."""

import asyncio
import os
from pathlib import Path

import aiohttp
import pytest

from bot.forge.git import PushRules, read_ref
from bot.forge.records import Protection
from tests.forge.git.conftest import Clone, Shop, address, commit_files

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


async def test_a_clone_has_the_files(clone: Clone) -> None:
    assert (clone.path / "src/shop.py").read_text() == "PRICE = 1\n"


async def test_a_push_arrives_and_the_host_learns_of_it(shop: Shop, clone: Clone) -> None:
    before = await read_ref(shop.path, "refs/heads/main")
    await clone.commit("src/shop.py", "PRICE = 2\n")

    code, output = await clone.git("push", "origin", "HEAD:main", "HEAD:refs/heads/next")

    after = (await clone.git("rev-parse", "HEAD"))[1].strip()
    changes = {"refs/heads/main": (before, after), "refs/heads/next": (None, after)}
    assert (code, shop.pushes) == (0, [("writer", changes)]), output


async def test_a_deleted_branch_is_told_as_such(shop: Shop, clone: Clone) -> None:
    await clone.git("push", "origin", "HEAD:refs/heads/next")
    head = await read_ref(shop.path, "refs/heads/next")

    await clone.git("push", "origin", ":next")

    assert shop.pushes[-1] == ("writer", {"refs/heads/next": (head, None)})


async def test_a_push_of_nothing_new_is_not_told(shop: Shop, clone: Clone) -> None:
    code, _ = await clone.git("push", "origin", "HEAD:main")

    assert (code, shop.pushes) == (0, [])


async def test_a_push_that_is_no_fast_forward_is_refused(shop: Shop, clone: Clone) -> None:
    await clone.git("commit", "--amend", "-m", "Another first")

    code, output = await clone.git("push", "origin", "HEAD:main")

    assert (code, "non-fast-forward" in output, shop.pushes) == (1, True, [])


async def test_a_force_push_moves_an_open_branch(shop: Shop, clone: Clone) -> None:
    await clone.git("commit", "--amend", "-m", "Another first")

    code, _ = await clone.git("push", "--force", "origin", "HEAD:main")

    head = (await clone.git("rev-parse", "HEAD"))[1].strip()
    assert (code, await read_ref(shop.path, "refs/heads/main")) == (0, head)


async def test_a_lease_on_another_commit_is_refused(shop: Shop, clone: Clone) -> None:
    await clone.commit("a", "a")
    lease = f"--force-with-lease=main:{'1' * 40}"

    code, output = await clone.git("push", lease, "origin", "HEAD:main")

    assert (code, "stale info" in output) == (1, True)


@pytest.mark.parametrize(
    ("token", "word"),
    [
        (None, "could not read Username"),
        ("reader", "Write access to repository not granted."),
        ("stranger", "not found"),
    ],
)
async def test_who_may_not_push_is_told_so(
    shop: Shop, clone: Clone, token: str | None, word: str
) -> None:
    await clone.commit("a", "a")

    code, output = await clone.git("push", address(shop, token), "HEAD:main")

    assert (code, word in output, shop.pushes) == (128, True, []), output


async def test_a_bearer_header_is_a_token_too(shop: Shop, clone: Clone) -> None:
    header = "http.extraHeader=Authorization: Bearer reader"

    code, output = await clone.git("-c", header, "ls-remote", shop.url)

    assert (code, "refs/heads/main" in output) == (0, True)


async def test_a_shallow_clone_by_sha_works(shop: Shop, clone: Clone) -> None:
    sha = await commit_files(shop.path, {"a": "a"})

    code, output = await clone.git("fetch", "--depth=1", address(shop), sha)

    assert code == 0, output


async def test_big_pushes_and_parallel_clones_pass(
    shop: Shop, clone: Clone, tmp_path: Path
) -> None:
    blob = bytes(range(256)) * 4096 * 4
    (clone.path / "big").write_bytes(b"".join(bytes([n]) + blob for n in range(2)))
    await clone.commit("a", "a")
    assert (await clone.git("push", "origin", "HEAD:main"))[0] == 0

    jobs = [clone.git("clone", "-q", address(shop), str(tmp_path / f"c{n}")) for n in range(4)]
    assert [code for code, _ in await asyncio.gather(*jobs)] == [0] * 4


async def test_protected_branches_take_no_pushes(shop: Shop, clone: Clone) -> None:
    shop.rules = PushRules(protections={"main": Protection(pushes=True)})
    await clone.commit("a", "a")

    code, output = await clone.git("push", "origin", "HEAD:main", "HEAD:refs/heads/free")

    assert (code, output.replace(" " * 8, "").splitlines()[:3]) == (
        1,
        [
            "remote: error: GH006: Protected branch update failed for refs/heads/main.",
            "remote: ",
            "remote: - Changes must be made through a pull request.",
        ],
    )
    assert "main (protected branch hook declined)" in output
    assert [list(changes) for _, changes in shop.pushes] == [["refs/heads/free"]]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--force", "origin", "HEAD:main"), "- Cannot force-push to this branch"),
        (("origin", ":other"), "- Cannot delete this branch"),
    ],
)
async def test_protected_branches_are_neither_forced_nor_deleted(
    shop: Shop, clone: Clone, arguments: tuple[str, ...], word: str
) -> None:
    await clone.git("push", "origin", "HEAD:refs/heads/other")
    await clone.git("commit", "--amend", "-m", "Another first")
    shop.rules = PushRules(protections={"*": Protection()})

    code, output = await clone.git("push", *arguments)

    assert (code, word in output, "GH006" in output) == (1, True, True), output


async def test_a_secret_is_stopped_with_its_place(shop: Shop, clone: Clone) -> None:
    await clone.commit("config.py", f"A = 1\nTOKEN = '{KEY}'\n")
    await clone.commit("config.py", "A = 1\n")  # the history still holds it

    code, output = await clone.git("push", "origin", "HEAD:main")

    assert code == 1
    assert "GH013: Repository rule violations found for refs/heads/main." in output
    assert "path: config.py:2" in output
    assert KEY not in output
    assert "(push declined due to repository rule violations)" in output


async def test_a_secret_passes_where_push_protection_is_off(shop: Shop, clone: Clone) -> None:
    shop.rules = PushRules(push_protection=False)
    await clone.commit("config.py", f"TOKEN = '{KEY}'\n")

    assert (await clone.git("push", "origin", "HEAD:main"))[0] == 0


async def test_a_workflow_file_needs_its_permission(shop: Shop, clone: Clone) -> None:
    shop.rules = PushRules(workflows=False)
    await clone.commit(".github/workflows/ci.yml", "on: push\n")

    code, output = await clone.git("push", "origin", "HEAD:main")

    word = (
        "(refusing to allow a GitHub App to create or update workflow "
        "`.github/workflows/ci.yml` without `workflows` permission)"
    )
    assert (code, word in output) == (1, True), output


async def test_a_workflow_file_that_a_branch_has_already_passes(shop: Shop, clone: Clone) -> None:
    await clone.commit(".github/workflows/ci.yml", "on: push\n")
    await clone.git("push", "origin", "HEAD:refs/heads/other")
    await clone.git("commit", "--amend", "-m", "The same in another commit")
    shop.rules = PushRules(workflows=False)

    code, output = await clone.git("push", "origin", "HEAD:main")

    assert code == 0, output


async def test_unsigned_commits_are_refused_where_signatures_are_required(
    shop: Shop, clone: Clone
) -> None:
    shop.rules = PushRules(protections={"*": Protection(signatures=True)})
    await clone.commit("a", "a")

    code, output = await clone.git("push", "origin", "HEAD:refs/heads/next")

    head = (await clone.git("rev-parse", "HEAD"))[1].strip()
    assert (code, "- Commits must have verified signatures." in output) == (1, True)
    assert f"remote:   {head}" in output


async def test_a_missing_sign_off_is_refused_and_a_given_one_is_not(
    shop: Shop, clone: Clone
) -> None:
    shop.rules = PushRules(protections={"*": Protection(sign_off=True)})
    await clone.commit("a", "a")
    refused, output = await clone.git("push", "origin", "HEAD:refs/heads/next")
    await clone.git("commit", "--amend", "--signoff", "--no-edit")

    accepted, _ = await clone.git("push", "origin", "HEAD:refs/heads/next")

    assert (refused, accepted) == (1, 0)
    assert "Commit message must match a given regex pattern: ^Signed-off-by:" in output


async def test_the_merge_refs_of_pull_requests_are_not_the_pushers(
    shop: Shop, clone: Clone
) -> None:
    code, output = await clone.git("push", "origin", "HEAD:refs/pull/1/head")

    assert (code, "deny updating a hidden ref" in output) == (1, True), output


async def test_an_unknown_service_is_refused(shop: Shop) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{shop.url}/info/refs?service=git-shell") as answer:
            assert answer.status == 403
        async with session.get(f"{shop.url}/info/refs?service=git-upload-pack") as answer:
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (
                401,
                'Basic realm="GitHub"',
            )


async def test_large_files_are_refused_in_words_that_git_lfs_shows(shop: Shop) -> None:
    batch = f"{shop.url}/info/lfs/objects/batch"
    async with aiohttp.ClientSession() as session:
        async with session.post(batch, json={"operation": "upload", "objects": []}) as answer:
            assert answer.status == 401
        writer = {"Authorization": "Basic eDp3cml0ZXI="}
        async with session.post(batch, json={}, headers=writer) as answer:
            assert (answer.status, answer.content_type) == (501, "application/vnd.git-lfs+json")
            assert "keeps no LFS objects" in (await answer.json())["message"]


async def test_a_client_that_hangs_up_leaves_no_process(shop: Shop) -> None:
    _, writer = await asyncio.open_connection(
        "127.0.0.1", int(shop.url.split(":")[2][:5].split("/")[0])
    )
    token = "eDp3cml0ZXI="
    writer.write(
        b"POST /acme/shop.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
        + f"Authorization: Basic {token}\r\n".encode()
        + b"Content-Type: application/x-git-receive-pack-request\r\n\r\n0000"
    )
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await writer.wait_closed()

    async with asyncio.timeout(150):
        while _backends():
            await asyncio.sleep(0.05)


def _backends() -> list[str]:
    mine = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    children = Path(mine).read_text().split()
    return [child for child in children if "http-backend" in _words(child)]


def _words(process: str) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""  # it ended meanwhile
