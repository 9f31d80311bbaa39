"""What happens to the App: its key and tokens, its limits, its installation."""

from bot.forge import installations
from bot.forge.house import House
from bot.forge.records import Installation
from bot.forge.switches.ask import Json, Switch, repository_of
from bot.forge.world import replace_key


def _installation(forge: House) -> Installation:
    return list(forge.state.installations.values())[-1]


async def fresh_token_lag(forge: House, body: Json) -> None:
    forge.state.fresh_token_seconds = float(body["seconds"])


async def expire_tokens(forge: House, body: Json) -> None:
    for token in forge.state.tokens.values():
        if token.installation:
            token.expires_at = forge.state.clock()


async def replace_app_key(forge: House, body: Json) -> None:
    replace_key(forge.state)


async def limits(forge: House, body: Json) -> None:
    for name in ("hourly", "content_minute", "content_hour"):
        if name in body:
            setattr(forge.limits, name, int(body[name]))


async def suspend(forge: House, body: Json) -> None:
    it = _installation(forge)
    installations.suspend(forge, it, it.account)


async def unsuspend(forge: House, body: Json) -> None:
    it = _installation(forge)
    installations.unsuspend(forge, it, it.account)


async def uninstall(forge: House, body: Json) -> None:
    it = _installation(forge)
    installations.uninstall(forge, it, it.account)


async def install(forge: House, body: Json) -> None:
    before = _installation(forge)
    installations.install(forge, before.app, before.account)


def cover(*, covered: bool) -> Switch:
    async def set_covered(forge: House, body: Json) -> None:
        it, repository = _installation(forge), repository_of(forge, body)
        installations.set_repository(forge, it, repository, it.account, covered=covered)

    return set_covered


async def permissions(forge: House, body: Json) -> None:
    granted = _installation(forge).permissions
    for name, level in body["permissions"].items():
        if level is None:
            granted.pop(name, None)
        else:
            granted[name] = str(level)
