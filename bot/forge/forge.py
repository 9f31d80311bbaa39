"""The forge as one object: the house, and the REST and GraphQL APIs that work on it."""

import json
from typing import Any

from aiohttp import web

from bot.forge.answers import Answer
from bot.forge.graphql.endpoint import GraphQL
from bot.forge.house import House
from bot.forge.rest.dispatch import Incoming, Rest
from bot.forge.rest.operations import OPERATIONS
from bot.forge.state import State


class Forge(House):
    def __init__(self, state: State, *, strict: bool = True) -> None:
        super().__init__(state, strict=strict)
        self.rest = Rest(self, OPERATIONS)
        self.graphql = GraphQL(self)

    async def call(self, token: str, method: str, path: str, body: Any = None) -> Answer:
        """Call the REST API as the bearer of a token, without HTTP: what a page's form does."""
        incoming = Incoming(
            method=method,
            path=path,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        return await self.rest.answer(incoming)

    async def ask(self, token: str, query: str, variables: dict[str, Any]) -> Answer:
        """The same for the GraphQL API."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.graphql.answer(
            Incoming(method="POST", path="/graphql", headers=headers, body=body)
        )


FORGE = web.AppKey("forge", Forge)
"""Where a handler of the web application finds the forge."""
