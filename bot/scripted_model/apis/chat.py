"""OpenAI chat completions (POST …/chat/completions).

https://platform.openai.com/docs/api-reference/chat
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.scripted_model.apis.texts import joined
from bot.scripted_model.exchange import Reply, Request, Tool, cut

NAME = "chat"


def read(_path: str, body: Mapping[str, Any]) -> Request:
    messages = body["messages"]
    results = [each for each in messages if each["role"] == "tool"]
    stream = bool(body.get("stream"))
    options = body.get("stream_options") or {}
    return Request(
        model=str(body["model"]),
        stream=stream,
        prompt=joined([m for m in messages if m["role"] in ("system", "developer", "user")]),
        tools={tool.name: tool for tool in map(_tool, body.get("tools") or ())},
        results=tuple(joined(each["content"]) for each in results),
        result_ids=tuple(str(each.get("tool_call_id")) for each in results),
        said=_said(messages),
        schema=_schema(body.get("response_format")),
        wants_usage=not stream or bool(options.get("include_usage")),
    )


def answer(request: Request, reply: Reply) -> Mapping[str, Any]:
    choice = {"index": 0, "message": _message(reply), "finish_reason": _finish(reply)}
    body = {**_head(request, reply), "object": "chat.completion", "choices": [choice]}
    return body if reply.usage.omit else {**body, "usage": _usage(reply)}


def events(request: Request, reply: Reply) -> Iterator[tuple[None, Any]]:
    yield None, _chunk(request, reply, {"role": "assistant", "content": ""})
    for piece in reply.pieces:
        yield None, _chunk(request, reply, {"content": piece})
    yield from _call_events(request, reply)
    yield None, _chunk(request, reply, {}, _finish(reply))
    if request.wants_usage and not reply.usage.omit:
        last = _chunk(request, reply, {})
        yield None, {**last, "choices": [], "usage": _usage(reply)}
    yield None, "[DONE]"


def error(status: int, message: str) -> Mapping[str, Any]:
    kind = {401: "invalid_request_error", 429: "rate_limit_error"}.get(status, "server_error")
    code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _tool(given: Mapping[str, Any]) -> Tool:
    if given["type"] == "custom":
        return Tool(name=given["custom"]["name"], form="custom")
    function = given["function"]
    return Tool(name=function["name"], parameters=function.get("parameters") or {})


def _said(messages: Sequence[Mapping[str, Any]]) -> int:
    said = 0
    for message in messages:
        if message["role"] == "tool":
            said = 0
        said += message["role"] == "assistant" and not message.get("tool_calls")
    return said


def _schema(form: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if form is None or form["type"] == "text":
        return None
    schema: Mapping[str, Any] = form.get("json_schema", {}).get("schema", {})
    return schema


def _head(request: Request, reply: Reply) -> Mapping[str, Any]:
    return {"id": f"chatcmpl-{reply.id}", "created": int(time.time()), "model": request.model}


def _chunk(
    request: Request, reply: Reply, delta: Mapping[str, Any], finish: str | None = None
) -> Mapping[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_head(request, reply), "object": "chat.completion.chunk", "choices": [choice]}


def _message(reply: Reply) -> Mapping[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    return message | ({"tool_calls": [_call(reply)]} if reply.call else {})


def _call(reply: Reply) -> Mapping[str, Any]:
    call = reply.call
    if call is None:
        return {}
    if call.tool.form == "custom":
        custom = {"name": call.tool.name, "input": call.arguments["input"]}
        return {"id": call.id, "type": "custom", "custom": custom}
    function = {"name": call.tool.name, "arguments": json.dumps(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _call_events(request: Request, reply: Reply) -> Iterator[tuple[None, Any]]:
    call = {"index": 0, **_call(reply)}
    if "function" not in call:
        if reply.call is not None:
            yield None, _chunk(request, reply, {"tool_calls": [call]})
        return
    function = call["function"]
    begun = {**call, "function": {**function, "arguments": ""}}
    yield None, _chunk(request, reply, {"tool_calls": [begun]})
    for piece in cut(function["arguments"]):
        delta = {"index": 0, "function": {"arguments": piece}}
        yield None, _chunk(request, reply, {"tool_calls": [delta]})


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.call else "stop"


def _usage(reply: Reply) -> Mapping[str, Any]:
    usage = reply.usage
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
