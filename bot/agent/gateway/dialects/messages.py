"""Anthropic messages: https://docs.anthropic.com/en/api/messages."""

import re
from collections.abc import Mapping

from bot.agent.gateway.dialect import Body, Dialect, Kind, Usage, joined, words
from bot.agent.gateway.tokens import Tokens, count, part
from bot.agent.runtime import Api

_VERSION = "2023-06-01"
_DATE = re.compile(r"20\d\d-\d\d-\d\d")
_BEARER = "oauth-2025-04-20"
_ERRORS = {
    400: "invalid_request_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
}
_OURS = ("custom", "bash_", "text_editor_", "memory_", "computer_")
"""How types of tools begin that the agent itself runs; others run, or fetch, at the endpoint."""


def path(url: str, _model: str, _stream: bool) -> str:  # noqa: FBT001 the shape of Dialect.path
    return joined(url, "v1", "messages")


def usage(body: Body) -> Usage:
    """Read a message, or the events that begin and end a stream: the last word counts.

    What the first says of the output is only the beginning of it.
    """
    begun = part(part(body, "message"), "usage")
    told = part(body, "usage") or {k: v for k, v in begun.items() if k != "output_tokens"}
    return {key: value for key, value in told.items() if value is not None}


def tokens(usage: Usage) -> Tokens:
    """`input_tokens` leaves out what was read from or written to a cache."""
    cached = count(usage, "cache_read_input_tokens")
    kept = part(usage, "cache_creation")
    written = count(usage, "cache_creation_input_tokens") or sum(
        count(kept, name) for name in ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    )
    return Tokens(
        input=count(usage, "input_tokens") + cached + written,
        cached=cached,
        written=written,
        written_hour=min(written, count(kept, "ephemeral_1h_input_tokens")),
        output=count(usage, "output_tokens"),
        reasoning=count(part(usage, "output_tokens_details"), "thinking_tokens"),
    )


def own_headers(given: Mapping[str, str], *, bearer: bool) -> dict[str, str]:
    """Pass on version and beta names; a bearer token is taken only with the beta of its own."""
    version, names = given.get("anthropic-version", ""), given.get("anthropic-beta", "")
    betas = [name for name in re.split(r"\s*,\s*", names) if re.fullmatch(r"[\w.-]{1,60}", name)]
    betas += [_BEARER] if bearer and _BEARER not in betas else []
    headers = {"anthropic-version": version if _DATE.fullmatch(version) else _VERSION}
    return headers | ({"anthropic-beta": ",".join(betas[:30])} if betas else {})


def error(status: int, kind: str, text: str) -> Body:
    family = _ERRORS.get(status, "api_error")
    return {"type": "error", "error": {"type": family, "message": text, "code": kind}}


def models(model: str) -> Body:
    at = "2025-01-01T00:00:00Z"
    one = {"type": "model", "id": model, "display_name": model, "created_at": at}
    return {"data": [one], "has_more": False, "first_id": model, "last_id": model}


def own_tool(tool: Body) -> bool:
    kind = tool.get("type", "custom")
    return isinstance(kind, str) and kind.startswith(_OURS)


MESSAGES = Dialect(
    api=Api.MESSAGES,
    routes=(
        ("POST", r"(/v1)?/messages", Kind.CALL),
        ("POST", r"(/v1)?/messages/count_tokens", Kind.COUNT),
        ("GET", r"(/v1)?/models(/.{1,200})?", Kind.MODELS),
    ),
    keys=words(
        """context_management max_tokens messages metadata model output_config output_format
        stop_sequences stream system temperature thinking tool_choice tools top_k top_p"""
    ),
    path=path,
    limits=(("max_tokens",),),
    key_header="x-api-key",
    contents=("messages", "system"),
    needle=b'"usage"',
    usage=usage,
    tokens=tokens,
    error=error,
    models=models,
    counted=lambda n: {"input_tokens": n},
    tool=own_tool,
    event_lines=3,
    own_headers=own_headers,
)
