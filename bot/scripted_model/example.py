"""The smallest value that a JSON Schema takes: for questions that no scenario answers."""

from collections.abc import Mapping
from typing import Any

DEPTH = 8


def example(schema: Mapping[str, Any] | None) -> Any:
    """Make a value with what is required and nothing more; best effort."""
    return _example(schema or {}, schema or {}, DEPTH)


def _example(schema: Mapping[str, Any], whole: Mapping[str, Any], depth: int) -> Any:
    schema = _resolved(schema, whole)
    if depth == 0:
        return None
    if "const" in schema or "default" in schema:
        return schema.get("const", schema.get("default"))
    if schema.get("enum"):
        return schema["enum"][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word):
            return _example(schema[word][0], whole, depth - 1)
    kind = schema.get("type", "object" if "properties" in schema else "null")
    kind = str(kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        known = schema.get("properties", {})
        return {
            name: _example(known.get(name, {}), whole, depth - 1)
            for name in schema.get("required", ())
        }
    if kind == "array":
        return [_example(schema.get("items", {}), whole, depth - 1)] * schema.get("minItems", 0)
    return {"string": "scripted", "integer": 1, "number": 1, "boolean": True}.get(kind)


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    found: Any = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}
