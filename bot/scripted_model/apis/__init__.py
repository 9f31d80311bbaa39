"""The four protocols in which agents talk to models, a module each with the same five functions."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from bot.scripted_model.apis import chat, generate, messages, responses
from bot.scripted_model.exchange import Reply, Request

Event = tuple[str | None, Any]
"""Of a stream: its name, where the API has names, and its JSON (a text goes out as it is)."""


class Api(Protocol):
    NAME: str

    def read(self, path: str, body: Mapping[str, Any]) -> Request:
        """Understand a request; raises NotUnderstood, KeyError, TypeError, … where it is none."""
        ...

    def answer(self, request: Request, reply: Reply) -> Mapping[str, Any]: ...

    def events(self, request: Request, reply: Reply) -> Iterator[Event]: ...

    def error(self, status: int, message: str) -> Mapping[str, Any]: ...


APIS: tuple[Api, ...] = (chat, responses, messages, generate)


def api_of(path: str) -> Api | None:
    """Tell the API by the path of a call."""
    if path.endswith("/chat/completions"):
        return chat
    if path.endswith("/responses"):
        return responses
    if path.endswith("/messages"):
        return messages
    return generate if path.endswith(("generateContent", "streamGenerateContent")) else None
