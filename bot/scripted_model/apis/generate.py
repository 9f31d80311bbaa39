"""Gemini generateContent (POST …/models/{model}:generateContent and :streamGenerateContent).

https://ai.google.dev/api/generate-content
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.scripted_model.apis.texts import joined
from bot.scripted_model.exchange import NotUnderstood, Reply, Request, Tool

NAME = "generate"
_PATH = re.compile(r"/models/([^/:]+):(stream)?[gG]enerateContent$")
_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}


def read(path: str, body: Mapping[str, Any]) -> Request:
    found = _PATH.search(path)
    if found is None:
        raise NotUnderstood("the path names no model")
    contents = body["contents"]
    results = [part["functionResponse"] for part in _all_parts(contents) if _result(part)]
    users = [each for each in contents if each.get("role") != "model"]
    prompts = [part for part in _all_parts(users) if "text" in part]
    return Request(
        model=found[1],
        stream=found[2] is not None,
        prompt=joined([_either(body, "systemInstruction") or {}, *prompts]),
        tools={tool.name: tool for tool in _tools(body.get("tools") or ())},
        results=tuple(_shown(each.get("response")) for each in results),
        result_ids=tuple(str(each.get("id")) for each in results),
        said=_said(contents),
        schema=_schema(_either(body, "generationConfig") or {}),
    )


def answer(request: Request, reply: Reply) -> Mapping[str, Any]:
    parts: list[Mapping[str, Any]] = [{"text": reply.text}] if reply.text else []
    if reply.call is not None:
        call = reply.call
        called = {"id": call.id, "name": call.tool.name, "args": call.arguments}
        parts.append({"functionCall": called})
    return _piece(request, reply, parts or [{"text": ""}], last=True)


def events(request: Request, reply: Reply) -> Iterator[tuple[None, Any]]:
    if reply.call is None:
        for piece in reply.pieces:
            yield None, _piece(request, reply, [{"text": piece}], last=False)
        yield None, _piece(request, reply, [{"text": ""}], last=True)
    else:
        yield None, answer(request, reply)


def error(status: int, message: str) -> Mapping[str, Any]:
    return {
        "error": {"code": status, "message": message, "status": _STATUS.get(status, "INTERNAL")}
    }


def _piece(
    request: Request, reply: Reply, parts: Sequence[Mapping[str, Any]], *, last: bool
) -> Mapping[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    body: dict[str, Any] = {"candidates": [candidate], "modelVersion": request.model}
    body["responseId"] = reply.id
    if last:
        candidate["finishReason"] = "STOP"
        if not reply.usage.omit:
            body["usageMetadata"] = _usage(reply)
    return body


def _either(body: Mapping[str, Any], name: str) -> Any:
    """Take a field in either spelling: Google reads both."""
    return body.get(name, body.get(re.sub("([A-Z])", lambda m: "_" + m[1].lower(), name)))


def _all_parts(contents: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (part for content in contents for part in content.get("parts") or ())


def _result(part: Mapping[str, Any]) -> bool:
    return "functionResponse" in part


def _shown(response: Any) -> str:
    if isinstance(response, dict) and len(response) == 1:
        return _shown(next(iter(response.values())))
    return response if isinstance(response, str) else joined(response)


def _tools(given: Sequence[Mapping[str, Any]]) -> Iterator[Tool]:
    for each in given:
        for function in _either(each, "functionDeclarations") or ():
            schema = _either(function, "parametersJsonSchema") or function.get("parameters") or {}
            yield Tool(name=function["name"], parameters=schema)


def _said(contents: Sequence[Mapping[str, Any]]) -> int:
    said = 0
    for content in contents:
        parts = content.get("parts") or ()
        if any(_result(part) for part in parts):
            said = 0
        said += content.get("role") == "model" and not any("functionCall" in p for p in parts)
    return said


def _schema(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if _either(config, "responseMimeType") != "application/json":
        return None
    return _either(config, "responseJsonSchema") or _either(config, "responseSchema") or {}


def _usage(reply: Reply) -> Mapping[str, Any]:
    """Count as Google does: what was thought is not part of the candidates."""
    usage = reply.usage
    return {
        "promptTokenCount": usage.input,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    }
