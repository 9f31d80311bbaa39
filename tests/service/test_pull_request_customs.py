"""A pull request looks as the repository's own: its title, and the template that people fill."""

import pytest

from tests.service.turns import note
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PATH = ".github/coppice.yml"
RULES = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100, settle: 1}\n"
TEMPLATE = """\
## What changes
<!-- In a few words. -->

## Testing

## Before you merge
- [ ] Somebody looked at it on a phone
- [x] cc @acme/security, closes #1
"""


async def opened(town: World, title: str, *later: list[Json]) -> Json:
    """The pull request of a run whose issue has this title."""
    issue = await town.issue(title)
    town.script(issue, [note(issue)], *later)
    await town.label(issue)
    run = await town.ended(issue)
    assert run["status"] == "done", run
    return await town.repo("GET", f"/pulls/{run['pull_request']}")


async def test_the_title_is_written_as_the_last_ones_that_were_merged(town: World) -> None:
    there = {"message": "", "content": "eA=="}
    for n, message in enumerate(("fix: a", "docs: b", "feat(x): c", "fix: d", "chore: e") * 5):
        await town.repo("PUT", f"/contents/many/{n}", {**there, "message": f"{message} (#{n})"})

    pull = await opened(town, "Add a note.")

    assert pull["title"] == "docs: add a note"
    commits = await town.repo("GET", f"/pulls/{pull['number']}/commits")
    assert commits[0]["commit"]["message"].startswith("docs: add a note\n")


async def test_the_configuration_chooses_another_way(town: World) -> None:
    await town.write_file(PATH, RULES + "pull_request: {title: plain}\n")

    pull = await opened(town, "Add a note")

    assert pull["title"] == "Add a note"


async def test_the_template_is_filled_and_what_people_make_of_it_stays(town: World) -> None:
    await town.write_file(".github/PULL_REQUEST_TEMPLATE.md", TEMPLATE)
    await town.write_file(PATH, RULES)
    pull = await opened(town, "Add a note", [{"write": "MORE.md", "text": "More.\n"}])
    body = pull["body"]
    assert body.startswith("## What changes\n\n<!-- coppice:begin -->\nCloses #")
    assert "## Testing\n\nRun by Coppice: the table under “What changes”." in body
    assert "- [ ] cc acme/security, closes no. 1" in body
    theirs = body.replace("- [ ] Somebody looked", "- [x] Somebody looked") + "\n\nTested by hand."
    wanted = {"title": "Notes, at last", "body": theirs}
    await town.repo("PATCH", f"/pulls/{pull['number']}", wanted)

    asked = await town.comment(pull["number"], "/coppice add MORE.md")

    await town.reacted(asked, "rocket")
    after = await town.repo("GET", f"/pulls/{pull['number']}")
    assert after["head"]["sha"] != pull["head"]["sha"]
    assert after["title"] == "Notes, at last"
    assert after["body"].endswith("- [ ] cc acme/security, closes no. 1\n\nTested by hand.")
    assert "- [x] Somebody looked" in after["body"]
    assert after["body"].count("coppice:begin") == 1


async def test_a_template_may_be_another_file_or_none(town: World) -> None:
    await town.write_file("docs/pr.txt", "Another one.\n")
    await town.write_file(PATH, RULES + "pull_request: {template: docs/pr.txt}\n")
    other = await opened(town, "Add a note")
    await town.write_file(PATH, RULES + "pull_request: {template: none}\n")

    none = await opened(town, "Add a note")

    assert other["body"].endswith("\n\nAnother one.")
    assert none["body"].startswith("<!-- coppice:begin -->")
    assert none["body"].endswith("-->")


async def test_a_box_of_the_template_that_is_called_as_ours_does_nothing(town: World) -> None:
    await town.write_file("docs/pr.txt", "- [ ] Stop\n")
    await town.write_file(PATH, RULES + "pull_request: {template: docs/pr.txt}\n")
    pull = await opened(town, "Add a note")

    ticked = pull["body"].replace("- [ ] Stop", "- [x] Stop")
    await town.repo("PATCH", f"/pulls/{pull['number']}", {"body": ticked})

    row = await town.settled("pull_request.edited", pull["number"])
    assert row["decision"] == "ignore"
