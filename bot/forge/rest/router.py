"""Find the operation for a path; the most literal one goes first."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from bot.forge.rest.call import Operation

GREEDY = ("path", "ref", "basehead", "branch")
"""These may hold slashes (`/branches/coppice/7-4f9a1c`)."""


class Router:
    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_key: dict[tuple[str, str, str], list[tuple[re.Pattern[str], Operation]]] = (
            defaultdict(list)
        )
        for operation in sorted(operations, key=_order):
            method, _, template = operation.name.partition(" ")
            self._by_key[_key(method, template)].append((_pattern(template), operation))

    def find(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """Match a path as it was sent, still quoted."""
        for pattern, operation in self._by_key.get(_key(method, path), ()):
            match = pattern.fullmatch(path)
            if match:
                return operation, {k: unquote(v or "") for k, v in match.groupdict().items()}
        return None


def _key(method: str, path: str) -> tuple[str, str, str]:
    """The method and the two literal places that tell most operations apart."""
    parts = [*path.split("/"), "", "", "", ""]
    third = parts[4] if parts[1] == "repos" else ""
    return method, parts[1], third


def _order(operation: Operation) -> tuple[int, int]:
    parts = operation.name.split("/")
    literal = sum(1 for part in parts if not part.startswith("{"))
    greedy = sum(1 for part in parts if part.strip("{}") in GREEDY)
    return -literal, greedy


def _pattern(template: str) -> re.Pattern[str]:
    parts = []
    for part in template.split("/"):
        name = part.strip("{}")
        if part == name:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P<{name}>{'.+' if name in GREEDY else '[^/]+'})")
    # the contents of the root have an empty path
    text = "/".join(parts).replace("/(?P<path>.+)", "(?:/(?P<path>.*))?")
    return re.compile(text)
