"""Boxes, labels, short verbs and the words of `/coppice run`, as people use them on GitHub."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.service.gate import note, plan, shown
from tests.service.proposals import finding
from tests.service.world import PATIENCE, Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

RULES = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100, attempts: 1}\n"
PATH = ".github/coppice.yml"


@pytest.fixture(scope="module")
def rules() -> str:
    return RULES


async def comes(look: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not await look():
            await asyncio.sleep(0.1)


async def tick(town: World, where: Json, box: str, *, pull: bool = False) -> None:
    """Tick a box in a comment, or in the description of a pull request, as the maintainer."""
    body = where["body"].replace(f"- [ ] {box}", f"- [x] {box}", 1)
    assert body != where["body"], where["body"]
    path = f"/pulls/{where['number']}" if pull else f"/issues/comments/{where['id']}"
    await town.repo("PATCH", path, {"body": body})


async def labels(town: World, issue: int) -> set[str]:
    return {label["name"] for label in (await town.repo("GET", f"/issues/{issue}"))["labels"]}


async def status(town: World, issue: int, box: str) -> Json:
    """Wait for our status comment with a box; answer it."""
    return await town.comment_that(issue, lambda body: f"- [ ] {box}" in body)


async def test_stop_and_retry_are_boxes_and_the_labels_tell_where_it_stands(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue), {"hang": 600}], [note(issue)])
    await town.label(issue)
    await town.at(issue, "implement")
    assert await labels(town, issue) == {"coppice", "coppice:working"}

    await tick(town, await status(town, issue, "Stop"), "Stop")

    assert (await town.ended(issue))["status"] == "cancelled"
    comment = await status(town, issue, "Retry")
    assert await labels(town, issue) == {"coppice"}
    await tick(town, comment, "Retry")
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "done")
    assert len(await town.said(issue)) == 1
    assert await labels(town, issue) == {"coppice"}


async def test_what_failed_has_its_label_with_colour_and_description(town: World) -> None:
    await town.write_file(PATH, RULES.replace("'true'", "'false'"))
    issue = await town.issue()
    town.script(issue, [note(issue)])

    await town.label(issue)

    assert (await town.ended(issue))["status"] == "failed"
    assert "coppice:failed" in await labels(town, issue)
    label = await town.repo("GET", "/labels/coppice:failed")
    assert (label["color"], label["description"]) == ("b60205", "Coppice could not do this")


async def test_the_boxes_of_a_pull_request_run_ci_and_make_it_ready(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue)
    number = (await town.ended(issue))["pull_request"]
    pull = await town.repo("GET", f"/pulls/{number}")

    await tick(town, pull, "Run CI", pull=True)

    await town.head_after(number, pull["head"]["sha"])

    async def asked() -> bool:
        return "Run CI" not in (await town.repo("GET", f"/pulls/{number}"))["body"]

    await comes(asked)
    pull = await town.repo("GET", f"/pulls/{number}")
    await tick(town, pull, "Ready for review", pull=True)

    async def ready() -> bool:
        return not (await town.repo("GET", f"/pulls/{number}"))["draft"]

    await comes(ready)


async def test_whoever_may_starts_it_by_a_tick_for_whoever_may_not(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.comment(issue, "/coppice run", who="triager")
    refusal = await town.comment_that(issue, lambda body: "- [ ] Start it for" in body)

    await tick(town, refusal, "Start it for")

    run = await town.ended(issue)
    assert run["status"] == "done"


async def test_the_repository_says_who_else_may_start(town: World) -> None:
    await town.write_file(PATH, f"{RULES}start: [write, triage]\n")
    issue = await town.issue()
    town.script(issue, [note(issue)])

    await town.label(issue, who="triager")

    assert (await town.ended(issue))["status"] == "done"


async def test_a_team_may_start_and_everybody_else_is_told_so(town: World) -> None:
    await town.write_file(PATH, f"{RULES}start: ['team:core']\n")
    users = town.forge.ready["users"]
    await town.switch("team", slug="core", members=[users["reader"]["login"]])
    issue = await town.issue()
    town.script(issue, [note(issue)])

    await town.comment(issue, "/coppice run", who="triager")
    said = await town.comment_that(issue, lambda body: "to be on team `core`" in body)
    await town.comment(issue, "/coppice run", who="reader")

    assert said["body"].startswith("Not started: ")
    assert (await town.ended(issue))["status"] == "done"


async def test_a_plan_is_all_until_somebody_approves_it(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)], plan=[plan(f"NOTES-{issue}.md")])

    await town.comment(issue, "/coppice plan")

    planned = await town.ended(issue)
    assert (planned["status"], planned["pull_request"]) == ("done", None)
    comment = await shown(town, issue)
    await tick(town, comment, "Approve plan")

    def delivered(rows: list[Json]) -> bool:
        return rows[0]["issue"] == issue and rows[0]["pull_request"] is not None

    (run, *_) = await town.until(delivered)
    assert run["id"] == planned["id"]


async def test_labels_ask_for_a_plan_and_approve_it(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)], plan=[plan(f"NOTES-{issue}.md")])

    await town.label(issue, name="coppice:plan")

    planned = await town.ended(issue)
    assert (planned["status"], planned["pull_request"]) == ("done", None)
    await shown(town, issue)
    await town.label(issue, name="coppice:approve")

    def delivered(rows: list[Json]) -> bool:
        return rows[0]["issue"] == issue and rows[0]["pull_request"] is not None

    (run, *_) = await town.until(delivered)
    assert run["id"] == planned["id"]


async def test_a_risky_plan_alone_is_asked_about(town: World) -> None:
    await town.write_file(PATH, f"{RULES}gate: risky\n")
    plain, risky = await town.issue(), await town.issue()
    town.script(plain, [note(plain)], plan=[plan(f"NOTES-{plain}.md")])
    town.script(risky, [note(risky)], plan=[plan("Dockerfile")])

    await town.label(plain)
    await town.label(risky)

    comment = await shown(town, risky)
    assert "Dockerfile" in comment["body"]
    assert (await town.ended(plain))["status"] == "done"
    await town.comment(risky, "/coppice reject")
    assert (await town.ended(risky))["status"] == "cancelled"


async def test_a_command_chooses_base_and_how_far_it_goes(town: World) -> None:
    main = (await town.repo("GET", "/git/ref/heads/main"))["object"]["sha"]
    await town.repo("POST", "/git/refs", {"ref": "refs/heads/release", "sha": main})
    issue = await town.issue()
    town.script(issue, [note(issue)])

    await town.comment(issue, "/coppice run keep it short base=release budget=2usd")

    run = await town.ended(issue)
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["base"]["ref"] == "release"


async def test_labels_choose_how_far_it_goes(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue, name="coppice:publish=branch")
    await town.label(issue, name="coppice:priority=1")

    await town.label(issue)

    run = await town.ended(issue)
    assert (run["status"], run["pull_request"]) == ("done", None)
    branch = f"coppice/{issue}-{run['id'][:6]}"
    assert (await town.repo("GET", f"/git/ref/heads/{branch}"))["object"]["sha"]


async def test_a_repository_may_want_no_drafts(town: World) -> None:
    await town.write_file(PATH, f"{RULES}ready: auto\n")
    issue = await town.issue()
    town.script(issue, [note(issue)])

    await town.label(issue)

    number = (await town.ended(issue))["pull_request"]

    async def ready() -> bool:
        return not (await town.repo("GET", f"/pulls/{number}"))["draft"]

    await comes(ready)


async def test_verbs_are_heard_alone_where_the_repository_wants_it(town: World) -> None:
    await town.write_file(PATH, f"{RULES}commands: {{short: true}}\n")
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue)
    await town.ended(issue)

    unknown = await town.comment(issue, "/merge\n/lgtm")
    await town.comment(issue, "/why")
    await town.comment(issue, "/coppice help")

    await town.comment_that(issue, lambda body: "asked for by `marta`" in body)
    await town.comment_that(issue, lambda body: "| `/coppice fix " in body)
    assert await town.reactions(unknown) == []


async def test_the_patch_is_shown_once_the_rules_have_passed_it(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue)
    await town.ended(issue)

    await town.comment(issue, "/coppice patch")

    said = await town.comment_that(issue, lambda body: f"b/NOTES-{issue}.md" in body)
    assert "+A note." in said["body"]


async def test_what_the_review_finds_stands_at_its_lines_however_much_it_is(town: World) -> None:
    issue = await town.issue()
    path = f"NOTES-{issue}.md"
    many = [finding(path, n, f"Word {n} is weak", "note") for n in range(1, 61)]
    text = "".join(f"line {n}\n" for n in range(1, 61))
    town.script(issue, [{"write": path, "text": text}], review=[{"findings": many}])

    await town.label(issue)

    number = (await town.ended(issue))["pull_request"]
    head = (await town.repo("GET", f"/pulls/{number}"))["head"]["sha"]
    check = (await town.checks(head))["Coppice / review"]
    assert (check["conclusion"], check["output"]["annotations_count"]) == ("neutral", 60)
    notes = await town.repo("GET", f"/check-runs/{check['id']}/annotations?per_page=100")
    assert sorted(each["start_line"] for each in notes) == list(range(1, 61))
