"""The main job: a labelled issue becomes a draft pull request, and everything is told once."""

import asyncio

import pytest

from tests.service.world import World

pytestmark = pytest.mark.slow

FIX = [{"write": "NOTES.md", "text": "A note.\n"}]
CONFIG = "verify:\n  test: test -f NOTES.md\n"


async def bot_comments(there: World, issue: int) -> list[str]:
    comments = await there.repo("GET", f"/issues/{issue}/comments")
    return [c["body"] for c in comments if c["user"]["type"] == "Bot"]


async def test_a_label_becomes_a_draft_pull_request(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, FIX)

    await there.label(1)

    run = await there.ended(1)
    assert run["status"] == "done", run["error"]
    pull = await there.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["draft"]
    assert pull["body"].count("Closes #1") == 1
    assert pull["head"]["ref"] == f"coppice/1-{run['id'][:6]}"
    assert "SCRIPTED: no model" in pull["body"]
    assert len(await bot_comments(there, 1)) == 1
    checks = await there.repo("GET", f"/commits/{pull['head']['sha']}/check-runs")
    assert {c["name"]: c["conclusion"] for c in checks["check_runs"]} == {
        "Coppice": "success",
        "Coppice / verify": "success",
        "Coppice / rules": "success",
    }
    reactions = await there.repo("GET", "/issues/1/reactions")
    assert [r["content"] for r in reactions] == ["eyes"]


async def test_the_second_attempt_may_pass_what_the_first_did_not(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, [{"write": "OTHER.md", "text": "no\n"}], FIX)

    await there.label(1)

    run = await there.ended(1)
    assert run["status"] == "done", run["error"]
    tried = [
        (s["name"], s["status"]) for s in run["stages"] if s["name"] in ("implement", "verify")
    ]
    assert tried == [
        ("implement", "passed"),
        ("verify", "failed"),
        ("implement", "passed"),
        ("verify", "passed"),
    ]


async def test_work_that_fails_is_kept_and_a_retry_goes_on(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, [{"write": "OTHER.md", "text": "no\n"}])
    await there.label(1)
    failed = await there.ended(1)
    assert failed["status"] == "failed"
    assert failed["pull_request"] is None
    patch = await there.output("patch", failed["id"])
    assert "OTHER.md" in patch

    there.script(1, FIX)
    await there.comment(1, "/coppice retry")

    await there.until(lambda rows: rows[0]["status"] == "done")
    assert [row["id"] for row in await there.listed("runs")] == [failed["id"]]


async def test_stop_ends_the_agent_and_keeps_its_work(there: World) -> None:
    there.script(1, [{"write": "HALF.md", "text": "half\n"}, {"hang": 600}])
    await there.label(1)
    await there.done_by_agent(await there.at(1, "implement"), "HALF.md")

    await there.comment(1, "/coppice stop")

    run = await there.ended(1, seconds=150)
    assert run["status"] == "cancelled"
    assert "HALF.md" in await there.output("patch", run["id"])


async def test_removing_the_label_stops_the_run(there: World) -> None:
    there.script(1, [{"hang": 600}])
    await there.label(1)
    await there.at(1, "implement")

    await there.repo("DELETE", "/issues/1/labels/coppice")

    assert (await there.ended(1, seconds=150))["status"] == "cancelled"


async def test_two_issues_labelled_at_once_are_two_runs(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, FIX)
    there.script(2, FIX)

    await there.label(1)
    await there.label(2)

    first, second = await there.ended(1), await there.ended(2)
    assert (first["status"], second["status"]) == ("done", "done")
    assert first["pull_request"] != second["pull_request"]


async def test_ci_waits_until_somebody_asks_for_it(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, FIX)
    await there.label(1)
    run = await there.ended(1)
    before = await there.repo("GET", f"/pulls/{run['pull_request']}")
    message = (await there.repo("GET", f"/commits/{before['head']['sha']}"))["commit"]["message"]
    assert "[skip ci]" in message

    await there.comment(run["pull_request"], "/coppice ci")

    head = await there.head_after(run["pull_request"], before["head"]["sha"])
    commit = (await there.repo("GET", f"/commits/{head}"))["commit"]
    assert "[skip ci]" not in commit["message"]
    old = (await there.repo("GET", f"/commits/{before['head']['sha']}"))["commit"]
    assert commit["tree"]["sha"] == old["tree"]["sha"]


async def test_nothing_configured_is_said_not_passed(there: World) -> None:
    await there.write_file(".github/coppice.yml", "trigger: {label: coppice}\n")
    there.script(1, FIX)

    await there.label(1)

    run = await there.ended(1)
    pull = await there.repo("GET", f"/pulls/{run['pull_request']}")
    assert "Not verified" in pull["body"]
    checks = await there.repo("GET", f"/commits/{pull['head']['sha']}/check-runs")
    conclusions = {c["name"]: c["conclusion"] for c in checks["check_runs"]}
    assert conclusions["Coppice / verify"] == "neutral"


async def test_a_retry_of_an_open_pull_request_is_one_more_round_on_it(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, FIX)
    await there.label(1)
    run = await there.ended(1)
    before = (await there.repo("GET", f"/pulls/{run['pull_request']}"))["head"]["sha"]

    there.script(1, [{"write": "MORE.md", "text": "more\n"}])
    await there.comment(run["pull_request"], "/coppice retry")

    head = await there.head_after(run["pull_request"], before)
    commit = await there.repo("GET", f"/commits/{head}")
    assert [parent["sha"] for parent in commit["parents"]] == [before]
    rows = await there.until(lambda rows: rows[0]["status"] == "done")
    assert [(row["id"], row["pull_request"]) for row in rows] == [(run["id"], run["pull_request"])]


async def test_the_run_ends_with_its_pull_request(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, FIX)
    await there.label(1)
    run = await there.ended(1)
    assert run["following"]

    await there.repo("PATCH", f"/pulls/{run['pull_request']}", {"state": "closed"})

    rows = await there.until(lambda rows: rows[0]["status"] == "cancelled")
    assert not rows[0]["following"]


async def ours(there: World) -> list[str]:
    branches = await there.repo("GET", "/branches?per_page=100")
    return [b["name"] for b in branches if b["name"].startswith("coppice/")]


async def test_the_branch_of_a_failed_run_goes_with_the_next_run_or_the_issue(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, [{"write": "OTHER.md", "text": "no\n"}])
    await there.label(1)
    first = await there.ended(1)
    assert await ours(there) == [f"coppice/1-{first['id'][:6]}"]

    await there.comment(1, "/coppice run")
    await there.until(lambda rows: len(rows) == 2 and rows[0]["status"] == "failed")
    second = (await there.runs())[0]
    assert await ours(there) == [f"coppice/1-{second['id'][:6]}"]

    await there.repo("PATCH", "/issues/1", {"state": "closed"})
    async with asyncio.timeout(150):
        while await ours(there):
            await asyncio.sleep(0.1)
