"""Texts inside the nested contents that all APIs have."""

from collections.abc import Iterator
from typing import Any


def texts(content: Any) -> Iterator[str]:
    """Yield the texts of a message's content: a text, a part, or a list of them."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            yield from texts(part)
    elif isinstance(content, dict):
        for name in ("text", "content", "output", "parts", "response"):
            if name in content:
                yield from texts(content[name])


def joined(content: Any) -> str:
    return "\n".join(texts(content))
