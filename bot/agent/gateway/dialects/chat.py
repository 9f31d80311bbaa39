"""OpenAI chat completions: https://platform.openai.com/docs/api-reference/chat."""

from urllib.parse import urlsplit

from bot.agent.gateway.dialect import Body, Dialect, Kind, Usage, joined, words
from bot.agent.gateway.tokens import Tokens, count, part
from bot.agent.runtime import Api


def path(url: str, _model: str, _stream: bool) -> str:  # noqa: FBT001 the shape of Dialect.path
    """Keep whatever path an address has: many hosts have a prefix and a version of their own."""
    if urlsplit(url).path:
        return f"{url}/chat/completions"
    return joined(url, "v1", "chat/completions")


def usage(body: Body) -> Usage:
    return dict(part(body, "usage"))


def tokens(usage: Usage) -> Tokens:
    """Some hosts leave reasoning out of `completion_tokens`, and only the total tells."""
    given, answered = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    details = part(usage, "prompt_tokens_details")
    cached = count(details, "cached_tokens") or count(usage, "prompt_cache_hit_tokens")
    return Tokens(
        input=given,
        cached=min(given, cached),
        output=max(answered, count(usage, "total_tokens") - given),
        reasoning=count(part(usage, "completion_tokens_details"), "reasoning_tokens"),
    )


def error(status: int, kind: str, text: str) -> Body:
    family = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": text, "type": family, "param": None, "code": kind}}


def models(model: str) -> Body:
    one = {"id": model, "object": "model", "created": 0, "owned_by": "coppice"}
    return {"object": "list", "data": [one]}


def function_tool(tool: Body) -> bool:
    return tool.get("type") in ("function", "custom")


CHAT = Dialect(
    api=Api.CHAT,
    routes=(
        ("POST", r"(/v1)?/chat/completions", Kind.CALL),
        ("GET", r"(/v1)?/models(/.{1,200})?", Kind.MODELS),
    ),
    keys=words(
        """chat_template_kwargs enable_thinking frequency_penalty function_call functions
        grammar guided_grammar guided_json guided_regex include_reasoning json_schema
        logit_bias logprobs max_completion_tokens max_tokens messages metadata min_p model
        parallel_tool_calls presence_penalty prompt_cache_key reasoning
        reasoning_effort reasoning_format repetition_penalty response_format safety_identifier seed
        stop stream stream_options temperature think thinking tool_choice tools top_k
        top_logprobs top_p user verbosity"""
    ),
    path=path,
    limits=(("max_completion_tokens",), ("max_tokens",)),
    key_header="authorization",
    contents=("messages",),
    needle=b'"usage"',
    usage=usage,
    tokens=tokens,
    error=error,
    models=models,
    counted=lambda n: {"total_tokens": n},
    tool=function_tool,
    needs_asking=True,
)
