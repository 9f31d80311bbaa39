"""What a switch is, and which repository or issue it is about."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.forge.house import House
from bot.forge.records import Issue, Repository

Json = dict[str, Any]
Switch = Callable[[House, Json], Awaitable[None]]


def repository_of(forge: House, body: Json) -> Repository:
    if "repository" not in body:
        return next(iter(forge.state.repositories.values()))
    found = forge.state.repository(str(body["repository"]))
    if found is None:
        raise KeyError(body["repository"])
    return found


def issue_of(forge: House, body: Json) -> Issue:
    return repository_of(forge, body).issues[int(body["number"])]
