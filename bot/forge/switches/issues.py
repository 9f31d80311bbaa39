"""What is done to an issue or a pull request without an operation of GitHub's."""

from bot.forge import tell
from bot.forge.actors import Actor
from bot.forge.house import House
from bot.forge.records import Issue, Repository
from bot.forge.rest.checks import press
from bot.forge.shapes import issues, repositories
from bot.forge.switches.ask import Json, issue_of


async def transfer_issue(forge: House, body: Json) -> None:
    issue = issue_of(forge, body)
    target = forge.state.repository(str(body["to"]))
    if target is None:
        raise KeyError(body["to"])
    before = issues.issue(forge.state, issue)
    moved = forge.state.add_issue(target, issue.user, issue.title, issue.body, app=issue.app)
    moved.comments, issue.comments = issue.comments, []
    for comment in moved.comments:
        comment.issue = moved
    source = _take_out(issue, moved)
    changes = {
        "new_issue": issues.issue(forge.state, moved),
        "new_repository": repositories.repository(forge.state, target),
    }
    sender = source.owner
    forge.events.emit("issues.transferred", source, sender, {"issue": before, "changes": changes})


async def delete_issue(forge: House, body: Json) -> None:
    issue = issue_of(forge, body)
    actor = Actor(user=issue.repository.owner)
    _take_out(issue, None)
    await tell.issue_changed(forge, actor, "deleted", issue)


def _take_out(issue: Issue, moved: Issue | None) -> Repository:
    repository = issue.repository
    del repository.issues[issue.number]
    repository.gone[issue.number] = moved
    return repository


async def mergeable_unknown(forge: House, body: Json) -> None:
    pull = issue_of(forge, body).pull
    if pull is None:
        raise KeyError("pull request")
    pull.unknown_reads = int(body["reads"])


async def press_button(forge: House, body: Json) -> None:
    wanted, user = int(body["check_run"]), forge.state.user(str(body["user"]))
    runs = [run for r in forge.state.repositories.values() for run in r.check_runs]
    found = next((run for run in runs if run.id == wanted), None)
    if found is None or user is None:
        raise KeyError("check run or user")
    press(forge, found, str(body["identifier"]), user)
