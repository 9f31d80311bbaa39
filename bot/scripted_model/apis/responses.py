"""OpenAI Responses (POST …/responses). https://platform.openai.com/docs/api-reference/responses"""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from bot.scripted_model.apis.chat import error
from bot.scripted_model.apis.texts import joined
from bot.scripted_model.exchange import Reply, Request, Tool, cut

__all__ = ["NAME", "answer", "error", "events", "read"]

NAME = "responses"
PROMPTERS = ("system", "developer", "user")


def read(_path: str, body: Mapping[str, Any]) -> Request:
    given = body.get("input") or []
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    results = [each for each in items if str(each.get("type", "")).endswith("_output")]
    prompts = [each for each in items if each.get("role") in PROMPTERS]
    return Request(
        model=str(body["model"]),
        stream=bool(body.get("stream")),
        prompt=joined([body.get("instructions") or "", *prompts]),
        tools={tool.name: tool for each in body.get("tools") or () for tool in _tools(each)},
        results=tuple(joined(each["output"]) for each in results),
        result_ids=tuple(str(each.get("call_id")) for each in results),
        said=_said(items),
        schema=_schema((body.get("text") or {}).get("format")),
    )


def answer(request: Request, reply: Reply) -> Mapping[str, Any]:
    items = _items(reply)
    whole = {**_head(request, reply), "status": "completed", "output": items}
    return {**whole, "usage": None if reply.usage.omit else _usage(reply)}


def events(request: Request, reply: Reply) -> Iterator[tuple[str, Any]]:
    numbers = itertools.count()
    begun = {**_head(request, reply), "status": "in_progress", "output": [], "usage": None}
    for kind, fields in _story(request, reply, begun):
        yield kind, {"type": kind, "sequence_number": next(numbers), **fields}


def _story(
    request: Request, reply: Reply, begun: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for number, item in enumerate(_items(reply)):
        place = {"output_index": number}
        yield "response.output_item.added", {**place, "item": _empty(item)}
        yield from _content(item, {**place, "item_id": item["id"]})
        yield "response.output_item.done", {**place, "item": item}
    yield "response.completed", {"response": answer(request, reply)}


def _content(
    item: Mapping[str, Any], place: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if item["type"] == "message":
        part, place = item["content"][0], {**place, "content_index": 0}
        yield "response.content_part.added", {**place, "part": {**part, "text": ""}}
        for piece in cut(part["text"]):
            yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}
        yield "response.output_text.done", {**place, "text": part["text"], "logprobs": []}
        yield "response.content_part.done", {**place, "part": part}
    if item["type"] == "function_call":
        for piece in cut(item["arguments"]):
            yield "response.function_call_arguments.delta", {**place, "delta": piece}
        done = {"arguments": item["arguments"], "name": item["name"]}
        yield "response.function_call_arguments.done", {**place, **done}
    if item["type"] == "custom_tool_call":
        for piece in cut(item["input"]):
            yield "response.custom_tool_call_input.delta", {**place, "delta": piece}
        yield "response.custom_tool_call_input.done", {**place, "input": item["input"]}


def _tools(given: Mapping[str, Any]) -> Iterator[Tool]:
    if given["type"] == "namespace":
        for each in given.get("tools", ()):
            yield from _tools(each)
    elif given["type"] == "local_shell":
        yield Tool(name="local_shell", form="local_shell")
    elif given["type"] in ("function", "custom"):
        parameters = given.get("parameters") or {}
        yield Tool(name=given["name"], form=given["type"], parameters=parameters)


def _said(items: list[Mapping[str, Any]]) -> int:
    said = 0
    for item in items:
        if str(item.get("type", "")).endswith("_output"):
            said = 0
        said += item.get("role") == "assistant"
    return said


def _schema(form: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if form is None or form["type"] == "text":
        return None
    schema: Mapping[str, Any] = form.get("schema", {})
    return schema


def _head(request: Request, reply: Reply) -> Mapping[str, Any]:
    return {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": int(time.time()),
        "model": request.model,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }


def _items(reply: Reply) -> list[Mapping[str, Any]]:
    items: list[Mapping[str, Any]] = []
    if reply.text or reply.call is None:
        part = {"type": "output_text", "text": reply.text, "annotations": []}
        head = {"type": "message", "id": f"msg_{reply.id}", "role": "assistant"}
        items.append({**head, "status": "completed", "content": [part]})
    return items if reply.call is None else [*items, _call(reply)]


def _call(reply: Reply) -> Mapping[str, Any]:
    call = reply.call
    if call is None:
        return {}
    head = {"call_id": call.id, "status": "completed"}
    if call.tool.form == "local_shell":
        action = {"type": "exec", **call.arguments}
        return {**head, "type": "local_shell_call", "id": f"lsh_{reply.id}", "action": action}
    head["name"] = call.tool.name
    if call.tool.form == "custom":
        given = call.arguments["input"]
        return {**head, "type": "custom_tool_call", "id": f"ctc_{reply.id}", "input": given}
    arguments = json.dumps(call.arguments)
    return {**head, "type": "function_call", "id": f"fc_{reply.id}", "arguments": arguments}


def _empty(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Show an item as it is when it begins."""
    blanks: Mapping[str, Mapping[str, Any]] = {
        "message": {"content": []},
        "function_call": {"arguments": ""},
        "custom_tool_call": {"input": ""},
    }
    return {**item, "status": "in_progress", **blanks.get(item["type"], {})}


def _usage(reply: Reply) -> Mapping[str, Any]:
    usage = reply.usage
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
