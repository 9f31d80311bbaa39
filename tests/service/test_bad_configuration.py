"""A configuration that cannot be taken starts nothing and is told once, with the nearest key."""

import pytest

from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATH = ".github/coppice.yml"
NOTE = {"write": "NOTES.md", "text": "A note.\n"}


async def refused(town: World, text: str) -> str:
    """Label an issue under this configuration; answer the one comment."""
    await town.write_file(PATH, text)
    issue = await town.issue()
    await town.label(issue)
    row = await town.settled("issues.labeled", issue)
    assert row["decision"] == "effect"
    assert all(run["issue"] != issue for run in await town.runs())
    (comment,) = await town.said(issue)
    assert comment.startswith(f"Not started: `{PATH}` on the default branch cannot be read.")
    return comment


async def test_what_is_not_yaml(town: World) -> None:
    assert "line 3" in await refused(town, "verify:\n  test: [pytest\n")


async def test_an_unknown_key_is_named_with_the_nearest(town: World) -> None:
    comment = await refused(town, "verifi:\n  test: pytest\n")

    assert "`verifi`" in comment
    assert "did you mean `verify`?" in comment


async def test_a_value_that_there_is_not_names_those_that_there_are(town: World) -> None:
    comment = await refused(town, "publish: merge\n")

    assert "`publish`" in comment
    assert "'patch'" in comment


async def test_an_unknown_pipeline_names_the_known_ones(town: World) -> None:
    await town.write_file(PATH, "pipeline: fxi\n")
    issue = await town.issue()
    await town.label(issue)

    row = await town.settled("issues.labeled", issue)

    assert "There is no pipeline `fxi`" in row["reason"]
    assert "`fxi`" in (await town.said(issue))[0]


async def test_a_base_that_is_not_there(town: World) -> None:
    await town.write_file(PATH, "base: nowhere\n")
    issue = await town.issue()
    town.script(issue, [NOTE])
    await town.label(issue)

    run = await town.ended(issue)

    assert (run["status"], run["error"]["class"]) == ("blocked", "no_base")
    assert "there is no branch `nowhere`" in (await town.said(issue))[0]


async def test_a_configuration_only_in_a_pull_request_counts_for_nothing(town: World) -> None:
    await town.write_file(PATH, "verify: {test: 'true'}\n")
    main = await town.repo("GET", "/git/ref/heads/main")
    sha = main["object"]["sha"]
    await town.repo("POST", "/git/refs", {"ref": "refs/heads/theirs", "sha": sha})
    there = await town.repo("GET", f"/contents/{PATH}")
    change = {"message": "Mine", "content": "fTogew==", "sha": there["sha"], "branch": "theirs"}
    await town.repo("PUT", f"/contents/{PATH}", change)
    proposed = {"title": "Break it", "head": "theirs", "base": "main"}
    await town.repo("POST", "/pulls", proposed)
    issue = await town.issue()
    town.script(issue, [NOTE])
    await town.label(issue)

    run = await town.ended(issue)

    assert run["status"] == "done", run["error"]
    checks = await town.checks(f"coppice/{issue}-{run['id'][:6]}")
    assert checks["Coppice / verify"]["conclusion"] == "success"


async def test_an_agent_that_changes_the_configuration_is_blocked(town: World) -> None:
    await town.write_file(PATH, "verify: {test: 'true'}\n")
    issue = await town.issue()
    town.script(issue, [{"write": PATH, "text": "verify: {}\n"}])
    await town.label(issue)

    run = await town.ended(issue)

    assert (run["status"], run["error"]["class"]) == ("blocked", "rules:protected")
    assert "Coppice's own configuration" in run["error"]["message"]


async def test_a_base_that_is_red_may_stop_the_run(town: World) -> None:
    await town.write_file(PATH, "verify: {test: 'false'}\nred_base: stop\n")
    issue = await town.issue()
    town.script(issue, [NOTE])
    await town.label(issue)

    run = await town.ended(issue)

    assert (run["status"], run["error"]["class"]) == ("blocked", "red_base")
    assert "fails on `main` already" in run["error"]["message"]
