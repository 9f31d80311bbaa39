"""What the gateway answers itself, in the place of the endpoint."""

from collections.abc import Mapping

from aiohttp import web

from bot.agent.gateway.dialect import Dialect

# Both vendors' libraries ask this header before they would try again.
_FINAL = {"x-should-retry": "false"}


class Refused(Exception):
    """A request that goes no further: HTTP status, our kind, and a text for agent and operator."""

    def __init__(self, status: int, kind: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.kind = kind
        self.text = text

    def answer(self, dialect: Dialect) -> web.Response:
        body = dialect.error(self.status, self.kind, self.text)
        return web.json_response(body, status=self.status, headers=_FINAL)


def passed_on(dialect: Dialect, status: int, told: Mapping[str, str], text: str) -> web.Response:
    """Answer an endpoint's own refusal: its words and its names for it, in the protocol's shape."""
    body = dialect.error(status, "model_error", text)
    return web.json_response({**body, "error": {**body["error"], **told}}, status=status)
