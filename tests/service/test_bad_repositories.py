"""Repositories that are odd, or that change under a run; each test has a world of its own."""

import asyncio
import subprocess

import pytest

from tests.service.world import Json, World

pytestmark = pytest.mark.slow

NOTE = {"write": "NOTES.md", "text": "A note.\n"}
QUICK = "verify: {test: 'true'}\n"


async def at_work(there: World, *, seconds: float = 600) -> Json:
    await there.write_file(".github/coppice.yml", QUICK)
    there.script(1, [NOTE, {"hang": seconds}], [NOTE])
    await there.label(1)
    return await there.at(1, "implement")


async def test_an_empty_repository(there: World) -> None:
    path = there.folder / "forge" / "repositories" / f"{there.repository}.git"
    command = ["git", "-C", str(path), "update-ref", "-d", "refs/heads/main"]
    subprocess.run(command, check=True)
    there.script(1, [NOTE])

    await there.label(1)

    run = await there.ended(1)
    assert (run["status"], run["error"]["class"]) == ("blocked", "no_base")
    (comment,) = await there.said(1)
    assert "there is no branch `main`" in comment


async def test_a_default_branch_that_is_not_main(there: World) -> None:
    await there.write_file(".github/coppice.yml", QUICK)
    main = await there.repo("GET", "/git/ref/heads/main")
    trunk = {"ref": "refs/heads/team/trunk", "sha": main["object"]["sha"]}
    await there.repo("POST", "/git/refs", trunk)
    await there.repo("PATCH", "", {"default_branch": "team/trunk"})
    await there.repo("DELETE", "/git/refs/heads/main")
    there.script(1, [NOTE])

    await there.label(1)

    run = await there.ended(1)
    assert run["status"] == "done", run["error"]
    pull = await there.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["base"]["ref"] == "team/trunk"


async def test_an_archived_repository_ends_its_runs_and_a_retry_goes_on_later(there: World) -> None:
    await at_work(there)
    await there.switch("archive")

    run = await there.ended(1, seconds=150)
    assert run["status"] == "cancelled"
    assert run["error"]["message"] == "the repository was archived"
    await there.switch("unarchive")
    await there.comment(1, "/coppice retry")
    await there.until(lambda rows: rows[0]["status"] == "done")


async def test_a_renamed_repository_is_followed(there: World) -> None:
    before = there.repository
    run = await at_work(there, seconds=3)

    await there.switch("rename", name="glasshouse")
    there.forge.ready["repository"] = "acme/glasshouse"

    run = await there.ended(1)
    assert run["status"] == "done", run["error"]
    assert run["repository"] == "acme/glasshouse"
    pull = await there.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["draft"]
    assert len(await there.said(1)) == 1
    assert before != there.repository
    await there.label(2)
    assert (await there.ended(2))["repository"] == "acme/glasshouse"


async def test_a_transferred_repository_ends_its_runs(there: World) -> None:
    """Where the new owner has no installation, the App learns it by what GitHub refuses."""
    await at_work(there, seconds=2)

    await there.switch("transfer", owner="sam")

    run = await there.ended(1)
    assert run["status"] == "cancelled", run["error"]


async def test_a_deleted_repository_ends_its_runs(there: World) -> None:
    await at_work(there)

    await there.switch("delete")

    run = await there.ended(1, seconds=150)
    assert (run["status"], run["error"]["message"]) == ("cancelled", "the repository was deleted")


async def test_a_suspended_installation_is_waited_for(there: World) -> None:
    await at_work(there, seconds=3)
    await there.switch("suspend")
    writes = len(await there.writes())
    await asyncio.sleep(4)
    assert (await there.runs())[0]["status"] not in ("done", "failed", "blocked", "cancelled")
    assert len(await there.writes()) == writes

    await there.switch("unsuspend")

    run = await there.ended(1)
    assert run["status"] == "done", run["error"]
    assert len(await there.said(1)) == 1


async def test_an_uninstalled_app_writes_nothing_more(there: World) -> None:
    await at_work(there)

    await there.switch("uninstall")

    run = await there.ended(1, seconds=150)
    assert (run["status"], run["error"]["message"]) == ("cancelled", "the App was uninstalled")
    writes = len(await there.writes())
    await there.switch("install")
    await asyncio.sleep(1)
    assert len(await there.writes()) == writes
    assert (await there.settled("installation.created"))["decision"] == "ignore"


async def test_a_repository_taken_off_the_installation_ends_its_runs(there: World) -> None:
    await at_work(there)

    await there.switch("uncover")

    run = await there.ended(1, seconds=150)
    assert run["error"]["message"] == "the App was taken off the repository"
