"""Where GraphQL queries begin."""

from dataclasses import replace
from typing import Any

from bot.forge.answers import Refusal
from bot.forge.graphql.ask import Ask, Failed, Resolvers
from bot.forge.records import Json, Repository, User
from bot.forge.state import iso


def node(root: Any, ask: Ask, id: str) -> Any:
    return ask.node(id)


async def nodes(root: Any, ask: Ask, ids: list[str]) -> list[Any]:
    """Null for each that is not there, with an error of its own."""

    async def one(id: str) -> Any:
        return ask.node(id)

    return [one(id) for id in ids]


def repository(
    root: Any,
    ask: Ask,
    owner: str,
    name: str,
    followRenames: bool = True,  # noqa: FBT001, FBT002
) -> Repository:
    full_name = f"{owner}/{name}"
    found = ask.state.repository(full_name)
    if found is None and followRenames:
        found = ask.state.repositories.get(ask.state.moved.get(full_name.lower(), 0))
    missing = Failed("NOT_FOUND", f"Could not resolve to a Repository with the name '{full_name}'.")
    if found is None:
        raise missing
    try:
        ask.require(found, "metadata:read")
    except Failed as failed:
        raise missing from failed
    return found


def viewer(root: Any, ask: Ask) -> User:
    """An App's own account is a User here, `[bot]` and all."""
    if ask.actor.user is None:
        raise Failed.of(Refusal(401, "Requires authentication"))
    return replace(ask.actor.user, type="User")


def rate_limit(root: Any, ask: Ask) -> Json:
    rate = ask.house.limits.shape(ask.actor.key, "graphql")
    return {**rate, "cost": 1, "nodeCount": 0, "resetAt": iso(rate["reset"])}


RESOLVERS: Resolvers = {
    "Query": {
        "node": node,
        "nodes": nodes,
        "repository": repository,
        "viewer": viewer,
        "rateLimit": rate_limit,
    }
}
