"""OpenAI Responses: https://platform.openai.com/docs/api-reference/responses."""

from urllib.parse import urlsplit

from bot.agent.gateway.dialect import Body, Dialect, Kind, Usage, joined, words
from bot.agent.gateway.dialects import chat
from bot.agent.gateway.tokens import Tokens, count, part
from bot.agent.runtime import Api

_OURS = frozenset({"function", "custom", "namespace", "local_shell", "apply_patch"})
"""Types of tools that the agent itself runs; others run, or fetch, at the endpoint."""


def path(url: str, _model: str, _stream: bool) -> str:  # noqa: FBT001 the shape of Dialect.path
    return f"{url}/responses" if urlsplit(url).path else joined(url, "v1", "responses")


def usage(body: Body) -> Usage:
    """Read a response, or the event that ends a stream and has the response in it."""
    return dict(part(part(body, "response") or body, "usage"))


def tokens(usage: Usage) -> Tokens:
    given, answered = count(usage, "input_tokens"), count(usage, "output_tokens")
    return Tokens(
        input=given,
        cached=min(given, count(part(usage, "input_tokens_details"), "cached_tokens")),
        output=max(answered, count(usage, "total_tokens") - given),
        reasoning=count(part(usage, "output_tokens_details"), "reasoning_tokens"),
    )


def own_tool(tool: Body) -> bool:
    """`shell` runs where its environment says: only `local` is the agent's own."""
    if tool.get("type") == "shell":
        return bool(part(tool, "environment").get("type", "local") == "local")
    if tool.get("type") == "namespace":
        inner = tool.get("tools")
        return isinstance(inner, list) and all(isinstance(t, dict) and own_tool(t) for t in inner)
    return tool.get("type") in _OURS


RESPONSES = Dialect(
    api=Api.RESPONSES,
    routes=(
        ("POST", r"(/v1)?/responses", Kind.CALL),
        ("GET", r"(/v1)?/models(/.{1,200})?", Kind.MODELS),
    ),
    keys=words(
        """client_metadata include input instructions max_output_tokens max_tool_calls metadata
        model parallel_tool_calls prompt_cache_key prompt_cache_retention reasoning
        safety_identifier store stream stream_options temperature text tool_choice tools
        top_logprobs top_p truncation user"""
    ),
    path=path,
    limits=(("max_output_tokens",),),
    key_header="authorization",
    contents=("input", "instructions"),
    needle=b'"usage"',
    usage=usage,
    tokens=tokens,
    error=chat.error,
    models=chat.models,
    counted=lambda n: {"object": "response.input_tokens", "input_tokens": n},
    tool=own_tool,
    event_lines=3,
)
