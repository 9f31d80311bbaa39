"""The demo's people, project and issues; the same people for a repository of somebody's own."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bot.forge.git import create_repository
from bot.forge.records import Issue, Repository, Role, User
from bot.forge.seed.history import import_history
from bot.forge.seed.local import copy_repository, find_start, name_of
from bot.forge.state import State
from bot.forge.teams import set_team

OWNER = "acme"
PEOPLE = {
    "maintainer": ("marta", "Marta Lind", Role.ADMIN),
    "triager": ("tomas", "Tomas Kral", Role.TRIAGE),
    "reader": ("rina", "Rina Sato", Role.READ),
    "stranger": ("sam", "Sam Doe", Role.NONE),
}
TEAMS = {"gardeners": ("maintainer", "triager")}
LABELS = {
    "coppice": ("2f6b3a", "Coppice works on it"),
    "bug": ("d73a4a", "Something is not working"),
    "enhancement": ("a2eeef", "New feature or request"),
    "documentation": ("0075ca", "Words, not code"),
}
ISSUES = ((1, "reader", "bug"), (2, "stranger", "bug"), (3, "maintainer", "enhancement"))
"""Number, who wrote it, its label; the text is `issues/{number}.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What was seeded: the repository, and the issue that the demo begins with."""

    repository: Repository
    issue: Issue


async def seed_demo(state: State) -> Seed:
    """Fill an empty forge with people, `acme/greenhouse` and its three issues."""
    _add_people(state)
    repository = _add_repository(state, "greenhouse", "main")
    repository.description = "Sensor readings and watering times of a greenhouse"
    await create_repository(repository.path, "main")
    source = files("bot.forge.seed")
    history = (source / "history.yaml").read_text(encoding="utf-8")
    await import_history(repository.path, "main", history)
    for number, writer, label in ISSUES:
        text = (source / "issues" / f"{number}.md").read_text(encoding="utf-8")
        title, body = text.removeprefix("# ").split("\n", 1)
        issue = state.add_issue(repository, state.people[writer], title, body.strip())
        issue.labels.append(repository.labels[label])
    return Seed(repository=repository, issue=repository.issues[1])


async def seed_from(state: State, directory: Path, base: str, title: str, body: str) -> Seed:
    """Fill an empty forge with people, a copy of a repository and one issue; raises SeedRefused.

    The branch is ``base`` where that is a branch there, else `main`. The directory is only read.
    """
    start = await find_start(directory, base)
    _add_people(state)
    repository = _add_repository(state, name_of(directory), start.branch)
    await copy_repository(directory, repository.path, start)
    issue = state.add_issue(repository, state.people["maintainer"], title, body)
    return Seed(repository=repository, issue=issue)


def _add_people(state: State) -> None:
    for role, (login, name, _) in PEOPLE.items():
        user = state.add_user(login, name=name)
        state.add_token(user)
        state.people[role] = user


def _add_repository(state: State, name: str, branch: str) -> Repository:
    owner: User = state.user(OWNER) or state.add_user(OWNER, type="Organization", name="Acme")
    repository = state.add_repository(owner, name, default_branch=branch)
    repository.path.parent.mkdir(parents=True, exist_ok=True)
    for role, (_, _, access) in PEOPLE.items():
        if access is not Role.NONE:
            repository.roles[state.people[role].id] = access
    for slug, roles in TEAMS.items():
        set_team(state, owner, slug, [state.people[role] for role in roles])
    for label, (color, description) in LABELS.items():
        state.add_label(repository, label, color, description)
    return repository
