"""What of a request is neither words nor ours to send: pictures, and addresses to fetch."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.agent.gateway.refusing import Refused

PICTURE_TOKENS = 8_000
"""What one picture may come to at most; its bytes say nothing of it."""

_ADDRESS = re.compile(r"(?:.*_)?(?:url|uri)|[a-z]+Ur[il]")
_STORED = frozenset({"file_id", "fileId", "file_ids", "container_id", "vector_store_ids"})
_OPAQUE = {
    "tool_use": "input",
    "server_tool_use": "input",
    "local_shell_call": "action",
    "shell_call": "action",
}
"""Arguments of a tool, by the type of what they stand in: they may have any key."""


def pictures(contents: object) -> tuple[int, int]:
    """Count the pictures among the words for the model, and their bytes.

    Raises Refused for what the endpoint would fetch from an address, or has in its store: it would
    be a way out of the box, and nobody could tell what it comes to.
    """
    found = total = 0
    for key, value, holder in _entries(contents):
        if key in _STORED and value:
            raise _stored(key)
        if isinstance(value, str) and _ADDRESS.fullmatch(key) and value:
            _require_data(key, value)
        if isinstance(value, str) and _is_picture(key, value, holder):
            found, total = found + 1, total + len(value)
    return found, total


def _entries(contents: object) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Walk every mapping among the words, but for the arguments and results of tools."""
    waiting: list[Any] = [contents]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            if value.get("type") == "item_reference":
                raise _stored("item_reference")
            opaque = _opaque(value)
            for key, inner in value.items():
                if key not in opaque:
                    yield key, inner, value
                    waiting.append(inner)


def _opaque(value: Mapping[str, Any]) -> tuple[str, ...]:
    kind = value.get("type")
    if isinstance(kind, str) and kind in _OPAQUE:
        return (_OPAQUE[kind],)
    named = "name" in value  # Gemini's functionCall and functionResponse
    return ("args", "response") if named else ()


def _is_picture(key: str, value: str, holder: Mapping[str, Any]) -> bool:
    if value.startswith("data:image/"):
        return True
    kind = holder.get("media_type") or holder.get("mimeType") or holder.get("mime_type")
    return key == "data" and isinstance(kind, str) and kind.startswith("image/")


def _require_data(key: str, value: str) -> None:
    if not value.startswith("data:"):
        raise Refused(
            400,
            "address",
            f"the gateway sends no addresses for a model's host to fetch (`{key}`): send the data",
        )


def _stored(key: str) -> Refused:
    return Refused(
        400, "stored", f"the gateway sends no references to what a host has stored (`{key}`)"
    )
