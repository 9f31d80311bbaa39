"""What is generated from the model of a repository's configuration: its JSON Schema and table.

``python -m bot.pipeline.documentation`` writes both into ``docs``.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.pipeline.configuration import RepositoryConfig, RoleChoice, model

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = DOCS / "coppice.schema.json"
PAGE = DOCS / "configuration.md"
BEGIN = "<!-- keys: written by `python -m bot.pipeline.documentation` -->"
END = "<!-- end of keys -->"


def schema() -> str:
    """Return the JSON Schema that editors complete and check by."""
    body = RepositoryConfig.model_json_schema()
    body["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    body["title"] = "Coppice"
    return json.dumps(body, indent=2) + "\n"


def table() -> str:
    """Return all keys as a Markdown table: name, default, meaning."""
    rows = [f"| `{key}` | {_default(field)} | {_meaning(field)} |" for key, field in keys()]
    return "\n".join(["| key | default | what it does |", "|---|---|---|", *rows])


def keys(
    part: type[BaseModel] = RepositoryConfig, above: str = ""
) -> Iterator[tuple[str, FieldInfo]]:
    """Go through all keys that hold a value, by their full names."""
    for name, field in part.model_fields.items():
        key = above + (field.alias or name)
        inner = model(field.annotation)
        if inner in (None, RoleChoice):
            yield key, field
        else:
            yield from keys(inner, f"{key}.")


def page() -> str:
    """Return the page with today's table in its place."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is None or value in ({}, ()) or isinstance(value, BaseModel):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int):
        return f"{value:,}"
    return f"`[{', '.join(value)}]`" if isinstance(value, tuple) else f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    words = re.sub(r"\s+", " ", field.description or "").strip()
    choices = [f"`{word}`" for word in get_args(field.annotation) if isinstance(word, str)]
    unsaid = [word for word in choices if word not in words]
    return f"{words} One of {', '.join(choices)}." if unsaid else words


if __name__ == "__main__":
    SCHEMA.write_text(schema())
    PAGE.write_text(page())
