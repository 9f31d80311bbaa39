"""What an administrator does to a repository, and how it is set."""

from typing import Any

from bot.forge.ci.script import script_of
from bot.forge.house import House
from bot.forge.records import Protection, Repository
from bot.forge.shapes import people
from bot.forge.switches.ask import Json, Switch, repository_of


async def rename(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    before = repository.name
    forge.state.rename_repository(repository, repository.owner, str(body["name"]))
    changes = {"repository": {"name": {"from": before}}}
    _tell(forge, repository, "renamed", changes=changes)


async def transfer(forge: House, body: Json) -> None:
    """Where the new owner has no installation, the App learns only that a repository is gone."""
    repository, before = repository_of(forge, body), repository_of(forge, body).owner
    owner = forge.state.user(str(body["owner"])) or forge.state.add_user(str(body["owner"]))
    forge.state.rename_repository(repository, owner, repository.name)
    kind = "organization" if before.type == "Organization" else "user"
    changes = {"owner": {"from": {kind: people.user(forge.state, before)}}}
    _tell(forge, repository, "transferred", changes=changes)


async def delete(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    _tell(forge, repository, "deleted")
    forge.state.forget_repository(repository)


async def archive(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    repository.archived = True
    _tell(forge, repository, "archived")


async def unarchive(forge: House, body: Json) -> None:
    repository = repository_of(forge, body)
    repository.archived = False
    _tell(forge, repository, "unarchived")


def _tell(forge: House, repository: Repository, action: str, **more: Any) -> None:
    forge.events.emit(f"repository.{action}", repository, repository.owner, more)


async def protect(forge: House, body: Json) -> None:
    wanted: dict[str, Any] = {
        name: bool(body[name])
        for name in ("pushes", "force_pushes", "signatures", "sign_off")
        if name in body
    }
    repository_of(forge, body).protections[str(body.get("branch", "*"))] = Protection(**wanted)


async def unprotect(forge: House, body: Json) -> None:
    repository_of(forge, body).protections.pop(str(body.get("branch", "*")), None)


def flag(name: str) -> Switch:
    async def set_flag(forge: House, body: Json) -> None:
        setattr(repository_of(forge, body), name, bool(body["on"]))

    return set_flag


async def ci(forge: House, body: Json) -> None:
    repository_of(forge, body).ci = script_of(body)
