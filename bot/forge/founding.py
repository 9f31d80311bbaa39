"""Found one more repository, with an owner, a maintainer and an installation of its own."""

from typing import Any

import yaml

from bot.forge import installations
from bot.forge.git import create_repository
from bot.forge.house import House
from bot.forge.records import Repository, Role, Token, User
from bot.forge.seed.history import import_history

LABEL, COLOR = "coppice", "2f6b3a"
AUTHOR = "Marta Lind <marta@example.org>"
DATE = "2025-01-01T12:00:00+00:00"


async def found(forge: House, body: dict[str, Any]) -> None:
    """Make ``repository`` with ``files`` in its first commit, which never varies.

    ``maintainer`` {login, token} administers it; a new owner gets an installation of the App.
    Raises KeyError for what is missing.
    """
    state = forge.state
    login, _, name = str(body["repository"]).partition("/")
    new = state.user(login) is None
    owner = state.user(login) or state.add_user(login, type="Organization", name=login)
    maintainer = _person(forge, body["maintainer"])
    repository = state.add_repository(owner, name)
    repository.roles[maintainer.id] = Role.ADMIN
    state.add_label(repository, LABEL, COLOR)
    await _first_commit(repository, body["files"])
    if new:
        installations.install(forge, next(iter(state.apps.values())), owner)


def _person(forge: House, wanted: dict[str, Any]) -> User:
    state, login = forge.state, str(wanted["login"])
    there = state.user(login)
    if there is not None:
        return there
    made = state.add_user(login)
    state.keep(Token(value=str(wanted["token"]), user=made))
    return made


async def _first_commit(repository: Repository, files: dict[str, str]) -> None:
    repository.path.parent.mkdir(parents=True, exist_ok=True)
    await create_repository(repository.path, repository.default_branch)
    commit = {"date": DATE, "author": AUTHOR, "message": "Begin", "files": files}
    history = yaml.safe_dump([commit]).replace(f"'{DATE}'", DATE)
    await import_history(repository.path, repository.default_branch, history)
