"""Every kind of end can be gone on from, by command and by button, once for each asking."""

import pytest

from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

NOTE = {"write": "NOTES.md", "text": "A note.\n"}


async def press(town: World, run: Json, button: str, *, who: str = "marta") -> None:
    """Press a button of the run's check run on its start commit."""
    branch = f"coppice/{run['issue']}-{run['id'][:6]}"
    check = (await town.checks(branch))["Coppice"]
    assert button in [action["identifier"] for action in await buttons(town, check)]
    await town.switch("press", check_run=check["id"], identifier=button, user=who)


async def buttons(town: World, check: Json) -> list[Json]:
    """GitHub's API does not show the actions of a check run; its page does."""
    async with town.session.get(check["html_url"]) as page:
        text = await page.text()
    return [{"identifier": name} for name in ("stop", "retry") if f'"{name}"' in text]


async def done(town: World, issue: int) -> Json:
    def seen(rows: list[Json]) -> bool:
        mine = (row["status"] for row in rows if row["issue"] == issue)
        return next(mine, None) == "done"

    rows = await town.until(seen)
    return next(row for row in rows if row["issue"] == issue)


async def test_stopped_by_button_and_retried_by_button(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [NOTE, {"hang": 600}], [NOTE])
    await town.label(issue)
    run = await town.at(issue, "implement")

    await press(town, run, "stop")
    stopped = await town.ended(issue, seconds=150)
    assert stopped["status"] == "cancelled"
    assert stopped["error"]["message"] == "the button Stop by marta"

    await press(town, run, "retry")
    again = await done(town, issue)
    assert again["id"] == run["id"]
    assert len(await town.said(issue)) == 1


async def test_the_label_taken_off_and_put_on_again_starts_afresh(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [{"hang": 600}])
    await town.label(issue)
    first = await town.at(issue, "implement")
    town.script(issue, [NOTE])

    await town.repo("DELETE", f"/issues/{issue}/labels/coppice", who="maintainer")
    await town.label(issue)

    second = await done(town, issue)
    rows = {row["id"]: row["status"] for row in await town.runs() if row["issue"] == issue}
    assert rows == {first["id"]: "cancelled", second["id"]: "done"}


async def test_a_button_pressed_by_a_reader_does_nothing(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [{"hang": 600}])
    await town.label(issue)
    run = await town.at(issue, "implement")

    # GitHub shows people without write access no buttons, and takes no press of theirs.
    with pytest.raises(AssertionError, match="403"):
        await press(town, run, "stop", who="rina")

    assert (await town.runs())[0]["status"] == "running"
    await press(town, run, "stop")
    await town.ended(issue, seconds=150)


async def test_blocked_for_want_of_a_script_and_retried(town: World) -> None:
    issue = await town.issue()
    await town.label(issue)
    run = await town.ended(issue)
    assert run["error"]["class"] == "no_script"

    town.script(issue, [NOTE])
    await town.comment(issue, "/coppice retry")

    assert (await done(town, issue))["id"] == run["id"]


async def test_blocked_by_a_rule_and_retried_at_implement(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [{"link": "out", "to": "/etc/passwd"}], [NOTE])
    await town.label(issue)
    assert (await town.ended(issue))["error"]["class"] == "rules:mode"

    await town.comment(issue, "/coppice retry implement")

    run = await done(town, issue)
    files = await town.repo("GET", f"/pulls/{run['pull_request']}/files")
    assert [file["filename"] for file in files] == ["NOTES.md"]


async def test_one_more_round_on_the_open_pull_request(town: World) -> None:
    issue = await town.issue()
    more = {"write": "MORE.md", "text": "More.\n"}
    town.script(issue, [NOTE], [more])
    await town.label(issue)
    run = await town.ended(issue)
    before = await town.repo("GET", f"/pulls/{run['pull_request']}")

    await town.comment(run["pull_request"], "/coppice retry")

    await town.head_after(run["pull_request"], before["head"]["sha"])
    await done(town, issue)
    files = await town.repo("GET", f"/pulls/{run['pull_request']}/files")
    assert sorted(file["filename"] for file in files) == ["MORE.md", "NOTES.md"]
    compared = await town.repo(
        "GET", f"/compare/{before['head']['sha']}...coppice/{issue}-{run['id'][:6]}"
    )
    assert compared["status"] == "ahead"


async def test_run_on_an_ended_run_is_a_new_run(town: World) -> None:
    issue = await town.issue()
    await town.label(issue)
    first = await town.ended(issue)
    town.script(issue, [NOTE])

    await town.comment(issue, "/coppice run")

    second = await done(town, issue)
    assert second["id"] != first["id"]
    assert len(await town.said(issue)) == 2
