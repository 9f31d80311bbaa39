"""Renamed, transferred, deleted, archived (github.md, section e, 24, 26)."""

from pathlib import Path

from tests.forge.running import Forge


async def test_a_renamed_repository_redirects_by_id(forge: Forge) -> None:
    """24: octokit/fixtures rename-repository; 301 to read."""
    old = forge.repo
    await forge.switch("rename", name="orchard")

    answer = await forge.get(f"{old}/issues/1")
    followed = await forge.get(answer.headers["Location"])

    url = f"{forge.api_url}/repositories/{forge.repository.id}/issues/1"
    assert (answer.status, answer.body["url"]) == (301, url)
    assert followed.body["repository_url"].endswith("/repos/acme/orchard")
    renamed = await forge.event("repository.renamed")
    assert renamed.payload["changes"]["repository"]["name"]["from"] == "greenhouse"


async def test_writes_are_redirected_with_their_method(forge: Forge) -> None:
    """24: 307 (18F/charlie#85)."""
    old = forge.repo
    await forge.switch("rename", name="orchard")

    answer = await forge.post(f"{old}/issues/1/comments", {"body": "x"}, by="reader")
    followed = await forge.post(answer.headers["Location"], {"body": "x"}, by="reader")

    assert (answer.status, followed.status) == (307, 201)


async def test_git_follows_a_rename(forge: Forge, tmp_path: Path) -> None:
    old = forge.clone_url
    await forge.switch("rename", name="orchard")

    code, said = await forge.git("ls-remote", old, "refs/heads/main", cwd=tmp_path)

    assert (code, "refs/heads/main" in said) == (0, True)


async def test_a_transferred_repository_is_out_of_the_apps_reach(forge: Forge) -> None:
    token = await forge.installation_token()
    old = forge.repo
    await forge.switch("transfer", owner="elsewhere")

    moved = await forge.get(old, by=token)
    write = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)

    assert (moved.status, write.status) == (301, 403)


async def test_a_deleted_repository_is_404(forge: Forge) -> None:
    repo = forge.repo
    await forge.switch("delete")

    assert (await forge.get(repo, by="maintainer")).status == 404
    await forge.event("repository.deleted")


async def test_a_deleted_issue_is_410(forge: Forge) -> None:
    """24."""
    await forge.switch("delete_issue", number=1)

    read = await forge.get(f"{forge.repo}/issues/1")
    write = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")

    assert (read.status, read.body["message"]) == (410, "This issue was deleted")
    assert write.status == 410
    await forge.event("issues.deleted")


async def test_a_transferred_issue_redirects_readers_only(forge: Forge) -> None:
    """24: waffle.io#3741."""
    other = forge.state.add_repository(forge.repository.owner, "other")
    await forge.switch("transfer_issue", number=1, to=other.full_name)

    read = await forge.get(f"{forge.repo}/issues/1/comments")
    write = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")

    url = f"{forge.api_url}/repositories/{other.id}/issues/1/comments"
    assert (read.status, read.headers["Location"]) == (301, url)
    assert write.status == 404
    changes = (await forge.event("issues.transferred")).payload["changes"]
    assert changes["new_repository"]["full_name"] == other.full_name


async def test_an_archived_repository_is_read_only(forge: Forge) -> None:
    await forge.switch("archive")

    read = await forge.get(f"{forge.repo}/issues/1")
    write = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="maintainer")

    assert (read.status, write.status) == (200, 403)
    assert write.body["message"] == "Repository was archived so is read-only."


async def test_an_admin_archives_and_renames_by_rest(forge: Forge) -> None:
    answer = await forge.patch(forge.repo, {"name": "orchard", "archived": True}, by="maintainer")

    assert (answer.body["full_name"], answer.body["archived"]) == ("acme/orchard", True)
    assert (await forge.patch(forge.repo, {"archived": True}, by="triager")).status == 404
    again = await forge.patch(forge.repo, {"archived": False}, by="maintainer")
    assert again.body["archived"] is False
