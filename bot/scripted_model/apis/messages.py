"""Anthropic messages (POST …/messages). https://docs.claude.com/en/api/messages"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.scripted_model.apis.texts import joined
from bot.scripted_model.exchange import Reply, Request, Tool, cut

NAME = "messages"
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def read(_path: str, body: Mapping[str, Any]) -> Request:
    messages = body["messages"]
    results = [part for m in messages for part in _parts(m) if part.get("type") == "tool_result"]
    prompts = [
        part
        for message in messages
        if message["role"] == "user"
        for part in _parts(message)
        if part.get("type") == "text"
    ]
    return Request(
        model=str(body["model"]),
        stream=bool(body.get("stream")),
        prompt=joined([body.get("system") or "", *prompts]),
        tools={
            each["name"]: Tool(name=each["name"], parameters=each.get("input_schema") or {})
            for each in body.get("tools") or ()
        },
        results=tuple(joined(each.get("content")) for each in results),
        result_ids=tuple(str(each.get("tool_use_id")) for each in results),
        said=_said(messages),
        schema=_schema(body),
    )


def answer(request: Request, reply: Reply) -> Mapping[str, Any]:
    return {
        **_head(request, reply),
        "content": _blocks(reply),
        "stop_reason": _stop(reply),
        "usage": _usage(reply),
    }


def events(request: Request, reply: Reply) -> Iterator[tuple[str, Any]]:
    for kind, fields in _story(request, reply):
        yield kind, {"type": kind, **fields}


def error(status: int, message: str) -> Mapping[str, Any]:
    return {"type": "error", "error": {"type": ERRORS.get(status, "api_error"), "message": message}}


def _story(request: Request, reply: Reply) -> Iterator[tuple[str, Mapping[str, Any]]]:
    usage = _usage(reply)
    begun = {**usage, **({"output_tokens": 1} if usage["output_tokens"] else {})}
    yield (
        "message_start",
        {"message": {**_head(request, reply), "content": [], "stop_reason": None, "usage": begun}},
    )
    for number, block in enumerate(_blocks(reply)):
        blank, deltas = _streamed(block)
        yield "content_block_start", {"index": number, "content_block": blank}
        for delta in deltas:
            yield "content_block_delta", {"index": number, "delta": delta}
        yield "content_block_stop", {"index": number}
    delta = {"stop_reason": _stop(reply), "stop_sequence": None}
    yield "message_delta", {"delta": delta, "usage": usage}
    yield "message_stop", {}


def _streamed(block: Mapping[str, Any]) -> tuple[Mapping[str, Any], Iterator[Mapping[str, Any]]]:
    if block["type"] == "text":
        texts = ({"type": "text_delta", "text": piece} for piece in cut(block["text"]))
        return {**block, "text": ""}, texts
    pieces = cut(json.dumps(block["input"]))
    inputs = ({"type": "input_json_delta", "partial_json": piece} for piece in pieces)
    return {**block, "input": {}}, inputs


def _parts(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _said(messages: Sequence[Mapping[str, Any]]) -> int:
    said = 0
    for message in messages:
        kinds = {part.get("type") for part in _parts(message)}
        if "tool_result" in kinds:
            said = 0
        said += message["role"] == "assistant" and "tool_use" not in kinds
    return said


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    form = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if not form:
        return None
    schema: Mapping[str, Any] = form.get("schema", {})
    return schema


def _head(request: Request, reply: Reply) -> Mapping[str, Any]:
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "stop_sequence": None,
    }


def _blocks(reply: Reply) -> list[Mapping[str, Any]]:
    blocks: list[Mapping[str, Any]] = []
    if reply.text or reply.call is None:
        blocks.append({"type": "text", "text": reply.text})
    if reply.call is not None:
        call = reply.call
        head = {"type": "tool_use", "id": call.id, "name": call.tool.name}
        blocks.append({**head, "input": call.arguments})
    return blocks


def _stop(reply: Reply) -> str:
    return "tool_use" if reply.call else "end_turn"


def _usage(reply: Reply) -> Mapping[str, Any]:
    """Count as Anthropic does: what was cached is not part of the input."""
    usage = reply.usage
    if usage.omit:
        return {"input_tokens": 0, "output_tokens": 0}
    return {
        "input_tokens": usage.input - usage.cached,
        "output_tokens": usage.output,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": 0,
    }
