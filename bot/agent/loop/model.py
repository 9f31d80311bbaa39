"""Models of pydantic-ai at the gateway's socket; a library loads when its API is first needed.

The key is a dummy: the gateway on the other side of the socket has the real one.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from bot.agent.runtime import Api, ModelSocket

GATEWAY = "http://gateway"
KEY = "held-by-the-gateway"
CONNECT_SECONDS = 10.0


@asynccontextmanager
async def model_at(socket: ModelSocket) -> AsyncIterator[Model]:
    """Make the model; its connections are closed at the end of the block.

    How long an answer may take is the caller's to watch, and the gateway's.
    """
    make = await asyncio.to_thread(_MAKERS[socket.api])
    transport = httpx2.AsyncHTTPTransport(uds=str(socket.path))
    timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
    # trust_env: a proxy of ours leads to the world, never to the gateway
    async with httpx2.AsyncClient(transport=transport, timeout=timeout, trust_env=False) as http:
        yield make(socket.model, http)


def settings_of(api: Api) -> ModelSettings:
    """Leave repeating to the gateway, and ask for a cache where it has to be asked for."""
    settings = ModelSettings(max_retries=0)
    if api is Api.MESSAGES:
        settings["cache"] = True
    return settings


def _chat() -> Callable[[str, httpx2.AsyncClient], Model]:
    models, providers = _libraries("openai")

    def make(name: str, http: httpx2.AsyncClient) -> Model:
        url = f"{GATEWAY}/v1"
        provider = providers.OpenAIProvider(base_url=url, api_key=KEY, http_client=http)
        made: Model = models.OpenAIChatModel(name, provider=provider)
        return made

    return make


def _responses() -> Callable[[str, httpx2.AsyncClient], Model]:
    models, providers = _libraries("openai")

    def make(name: str, http: httpx2.AsyncClient) -> Model:
        url = f"{GATEWAY}/v1"
        provider = providers.OpenAIProvider(base_url=url, api_key=KEY, http_client=http)
        made: Model = models.OpenAIResponsesModel(name, provider=provider)
        return made

    return make


def _messages() -> Callable[[str, httpx2.AsyncClient], Model]:
    models, providers = _libraries("anthropic")

    def make(name: str, http: httpx2.AsyncClient) -> Model:
        provider = providers.AnthropicProvider(base_url=GATEWAY, api_key=KEY, http_client=http)
        made: Model = models.AnthropicModel(name, provider=provider)
        return made

    return make


def _generate() -> Callable[[str, httpx2.AsyncClient], Model]:
    models, providers = _libraries("google")

    def make(name: str, http: httpx2.AsyncClient) -> Model:
        provider = providers.GoogleProvider(base_url=GATEWAY, api_key=KEY, http_client=http)
        made: Model = models.GoogleModel(name, provider=provider)
        return made

    return make


def _libraries(name: str) -> tuple[Any, Any]:
    return tuple(importlib.import_module(f"pydantic_ai.{kind}.{name}") for kind in _KINDS)  # type: ignore[return-value]


_KINDS = ("models", "providers")
_MAKERS: Mapping[Api, Callable[[], Callable[[str, httpx2.AsyncClient], Model]]] = {
    Api.CHAT: _chat,
    Api.RESPONSES: _responses,
    Api.MESSAGES: _messages,
    Api.GENERATE: _generate,
}
