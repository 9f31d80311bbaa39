"""What the gateway has to know of a protocol: its paths, its limits, where usage stands, errors."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from bot.agent.gateway.tokens import Tokens
from bot.agent.runtime import Api

NEW_NAMES = ("openai.com", "openai.azure.com")

Body = Mapping[str, Any]
Usage = dict[str, Any]
"""What an endpoint told of usage so far, in its own words."""


class Kind(Enum):
    CALL = auto()
    COUNT = auto()  # how many tokens would this be: answered here, roughly
    MODELS = auto()  # which models are there: answered here, with the one


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a request's path asks for."""

    kind: Kind
    model: str | None = None
    """Where the path names it, not the body."""
    stream: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One protocol, as data and a few pure functions."""

    api: Api
    routes: tuple[tuple[str, str, Kind], ...]
    """Method, path (a regular expression; groups `model` and `verb` where it names them), kind."""
    keys: frozenset[str]
    """What of a request's body is passed on. All else is dropped: the endpoint would fetch
    addresses, keep state, run tools of its own or charge more for it."""
    path: Callable[[str, str, bool], str]
    """The address to send to, from the endpoint's, its model and whether to stream."""
    limits: tuple[tuple[str, ...], ...]
    """Where a request says how many tokens the answer may have, the one to add last."""
    key_header: str
    contents: tuple[str, ...]
    """Keys of the body under which the words for the model lie."""
    needle: bytes
    """Stands in every event that has usage."""
    usage: Callable[[Body], Usage]
    """What a body or an event tells of usage; later ones replace earlier ones, key by key."""
    tokens: Callable[[Usage], Tokens]
    error: Callable[[int, str, str], Body]
    """An error in the protocol's own shape, from status, our kind and text."""
    models: Callable[[str], Body]
    counted: Callable[[int], Body]
    tool: Callable[[Body], bool]
    """Is a tool of a request one that the agent itself runs?"""

    event_lines: int = 2
    """Of an event in a stream, the blank one too."""
    own_headers: Callable[..., dict[str, str]] = lambda _given, bearer: {}
    """What the protocol wants besides, from the agent's own headers and whether a token is sent."""
    needs_asking: bool = False
    """Has a stream usage only where it is asked for?"""

    def limit_to_add(self, url: str) -> tuple[str, ...]:
        """Name where to say how long an answer may be; only OpenAI itself wants the new name."""
        host = urlsplit(url).hostname or ""
        return self.limits[0 if host.endswith(NEW_NAMES) else -1]

    def route(self, method: str, path: str) -> Route | None:
        """Read what is asked for; None: nothing that this protocol has."""
        for allowed, pattern, kind in self.routes:
            found = re.fullmatch(pattern, path)
            if method == allowed and found:
                named = found.groupdict()
                verb = named.get("verb")
                return Route(
                    kind=kind,
                    model=named.get("model"),
                    stream=None if verb is None else verb.startswith("stream"),
                )
        return None


def joined(url: str, version: str, path: str) -> str:
    """Put a path behind an endpoint's address, with a version where the address names none."""
    has_version = re.search(r"/v\d+(alpha|beta)?$", url)
    return f"{url}/{path}" if has_version else f"{url}/{version}/{path}"


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())
