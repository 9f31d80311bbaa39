"""Lists in pages: `first` or `last`, with cursors, as GitHub bounds them."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from bot.forge.graphql.ask import Failed
from bot.forge.records import Json

LIMIT = 100


def connect(
    items: Sequence[Any],
    name: str,
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
) -> Json:
    """One page of a connection; raises Failed without bounds, as GitHub does."""
    _check(name, first, last)
    start = _index(after) + 1 if after else 0
    end = _index(before) if before else len(items)
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    nodes = list(items[start:end])
    edges = [{"cursor": _cursor(start + n), "node": node} for n, node in enumerate(nodes)]
    return {
        "nodes": nodes,
        "edges": edges,
        "totalCount": len(items),
        "filteredCount": len(items),
        "pageInfo": {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
        },
    }


def _check(name: str, first: int | None, last: int | None) -> None:
    if first is None and last is None:
        raise Failed(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` "
            "connection.",
        )
    for word, many in (("first", first), ("last", last)):
        if many is not None and not 0 <= many <= LIMIT:
            raise Failed(
                "EXCESSIVE_PAGINATION",
                f"Requesting {many} records on the `{name}` connection exceeds the `{word}` limit "
                f"of {LIMIT} records.",
            )


def _cursor(index: int) -> str:
    return base64.b64encode(f"cursor:{index}".encode()).decode()


def _index(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:"))
    except (binascii.Error, ValueError):
        message = f"`{cursor}` does not appear to be a valid cursor."
        raise Failed("INVALID_CURSOR_ARGUMENTS", message) from None
