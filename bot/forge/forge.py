"""The forge as one object: state, events, limits, faults and the REST API that works on them."""

import json
from typing import Any

from aiohttp import web

from bot.forge.answers import Answer
from bot.forge.events import Events
from bot.forge.faults import Faults
from bot.forge.hooks import Hooks
from bot.forge.limits import Limits
from bot.forge.rest.dispatch import Incoming, Rest
from bot.forge.rest.operations import OPERATIONS
from bot.forge.schema.description import rest_description, webhook_description
from bot.forge.state import State


class Forge:
    """``strict``: an answer or event that does not fit GitHub's description is a failure."""

    def __init__(self, state: State, *, strict: bool = True) -> None:
        self.state = state
        self.strict = strict
        self.faults = Faults()
        self.limits = Limits(lambda: state.clock())
        self.hooks = Hooks(state, self.faults)
        self.description = rest_description()
        self.events = Events(
            state=state, hooks=self.hooks, description=webhook_description(), strict=strict
        )
        self.rest = Rest(self, OPERATIONS)

    async def call(self, token: str, method: str, path: str, body: Any = None) -> Answer:
        """Call the REST API as the bearer of a token, without HTTP: what a page's form does."""
        incoming = Incoming(
            method=method,
            path=path,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        return await self.rest.answer(incoming)


FORGE = web.AppKey("forge", Forge)
"""Where a handler of the web application finds the forge."""
