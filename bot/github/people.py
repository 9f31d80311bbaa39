"""What GitHub knows of people beside their permission: teams, and who put a label on."""

from urllib.parse import quote

from bot.errors import EffectRefused
from bot.github.answers import Refusal
from bot.github.client import Client
from bot.runs import Person, RepositoryRef

_NOT_THERE = (403, 404)


async def in_team(client: Client, ref: RepositoryRef, team: str, login: str) -> bool | None:
    """Tell whether somebody is an active member of a team of the repository's owner.

    None where the App may not see that: what cannot be checked is not granted.
    """
    owner = ref.full_name.partition("/")[0]
    names = (quote(name, safe="") for name in (owner, team, login))
    path = "/orgs/{}/teams/{}/memberships/{}".format(*names)
    try:
        found = await client.getitem(path)
    except EffectRefused as refusal:
        if refusal.kind == "no_access":
            return None
        if _unseen(refusal):
            return False
        raise
    return bool(found["state"] == "active")


async def in_organization(client: Client, ref: RepositoryRef, login: str) -> bool:
    """Tell whether somebody belongs to the organisation that owns the repository.

    False too where the App may not see it, or the owner is a person.
    """
    path = "/orgs/{}/members/{}".format(
        quote(ref.full_name.partition("/")[0], safe=""), quote(login, safe="")
    )
    try:
        await client.getitem(path)
    except EffectRefused as refusal:
        if _unseen(refusal):
            return False
        raise
    return True


def _unseen(refused: EffectRefused) -> bool:
    """Tell whether it is not there, or not for the App to see: there may be no token for it."""
    status = refused.status if isinstance(refused, Refusal) else None
    return refused.kind == "no_access" or status in _NOT_THERE


async def labelled_by(client: Client, ref: RepositoryRef, issue: int) -> dict[str, Person]:
    """Who put each label on last, by label; a label without a known person is left out."""
    found: dict[str, Person] = {}
    async for event in client.getiter(f"/repos/{ref.full_name}/issues/{issue}/events?per_page=100"):
        if event["event"] == "labeled" and event.get("actor"):
            by = event["actor"]
            found[event["label"]["name"]] = Person(id=by["id"], login=by["login"])
    return found
