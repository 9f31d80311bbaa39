"""The same way on a GitHub Enterprise Server, whose addresses and headers are other ones."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.enterprise import Enterprise, enterprise
from tests.service.test_rounds import answers, review
from tests.service.world import World, world

pytestmark = pytest.mark.slow

CONFIG = "verify:\n  test: test -f NOTES.md\nlimits: {settle: 1}\n"
NOTE = {"write": "NOTES.md", "text": "one\ntwo\n"}


@pytest.fixture
async def there(either_database: None, tmp_path: Path) -> AsyncIterator[tuple[World, Enterprise]]:
    async with world(tmp_path, forked=True) as town:
        await town.kill()
        ready = town.forge.ready
        async with enterprise(ready["html_url"], ready["webhook_secret"]) as server:
            ready["api_url"], ready["html_url"] = f"{server.url}/api/v3", server.url
            town.settings["COPPICE_GITHUB_URL"] = ready["api_url"]
            del town.settings["COPPICE_GITHUB_HTML_URL"]
            town.port = 0  # what was freed may be taken by now
            await town.serve()
            yield town, server


async def test_a_label_becomes_a_pull_request_and_its_review_is_answered(
    there: tuple[World, Enterprise],
) -> None:
    town, server = there
    await town.write_file(".github/coppice.yml", CONFIG)
    fixed = [{**NOTE, "text": "ONE\ntwo\n"}, {"say": "1: fixed the wording"}]
    town.script(1, [{"write": "OTHER.md", "text": "no\n"}], [NOTE], fixed)
    await town.label(1)
    run = await town.ended(1)
    assert (run["status"], run["following"]) == ("done", True), run["error"]
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    at_line = {"path": "NOTES.md", "line": 1, "side": "RIGHT", "body": "Louder, please."}

    await review(town, run, at_line)

    assert (await answers(town, run, 1))[0]["body"].startswith("Fixed in ")
    assert await town.head_after(run["pull_request"], pull["head"]["sha"])
    assert ("POST", "/api/graphql") in server.asked
    assert f"{server.url}/{town.repository}/" in pull["body"]
    assert all(server.forge not in said for said in [pull["body"], *await town.said(1)])


async def test_doctor_finds_nothing_wrong(there: tuple[World, Enterprise]) -> None:
    town, server = there
    await town.write_file("NOTES.md", "Something that is told.\n")
    await town.settled("push")

    checks = await town.listed("doctor")

    assert [check for check in checks if not check["ok"]] == []
    shown = {check["check"]: check["detail"] for check in checks}
    assert shown["COPPICE_GITHUB_HTML_URL"] == server.url
