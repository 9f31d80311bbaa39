"""How an attempt ends: by the tool `finish`, with an answer in the form that was asked for."""

import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from bot.runs import Json

FINISH = "finish"
_SUMMARY = {
    "type": "object",
    "properties": {"summary": {"type": "string", "description": "What was done, in a few lines."}},
    "required": ["summary"],
}
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)


class Form:
    """The JSON Schema of the answer; without one a summary in words is all that is asked for."""

    def __init__(self, schema: Mapping[str, Json] | None) -> None:
        self.asked = schema is not None
        self._wrapped = schema is not None and not _is_object(schema)
        self._validator = jsonschema_rs.validator_for(dict(schema or _SUMMARY))
        self.schema: Mapping[str, Json] = schema or _SUMMARY
        if self._wrapped:  # arguments of a tool are an object always
            self.schema = {"type": "object", "properties": {"answer": schema}}
            self.schema |= {"required": ["answer"]}

    def read(self, arguments: Mapping[str, Any]) -> Json:
        """Take the answer out of the arguments of `finish`."""
        return arguments.get("answer") if self._wrapped else dict(arguments)

    def problem(self, answer: Json) -> str | None:
        """Say in what an answer does not fit; None: it does."""
        found = []
        for error in self._validator.iter_errors(answer):
            place = ".".join(map(str, error.instance_path)) or "the answer"
            found.append(f"{place}: {error.message[:300]}")
            if len(found) == 10:
                break
        return "; ".join(found) or None

    def found_in(self, text: str) -> Json:
        """Read the answer from words, where a model says it instead of calling `finish`.

        Raises ValueError where there is none.
        """
        fences = _FENCE.findall(text)
        for piece in (text, *reversed(fences)):
            try:
                return json.loads(piece)
            except ValueError:
                continue
        raise ValueError("there is no JSON in it")


def _is_object(schema: Mapping[str, Json]) -> bool:
    return schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
