"""Hold requests, answers and events against GitHub's own description, compiled at first use."""

import gzip
import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

Json = Any
REFUSALS = frozenset({"400", "401", "403", "404", "409", "410", "422", "429", "500", "502", "503"})
"""GitHub's description leaves these out of most operations; they have one shape everywhere."""


_NAMES = {"items": {"type": ["string", "object"], "required": ["name"]}, "type": "array"}
_LABELS = {
    "anyOf": [
        _NAMES,
        {"type": "string"},
        {"properties": {"labels": {"maxItems": 0, "type": "array"}}, "type": "object"},
    ]
}
_OPTIONAL = {"type": ["boolean", "null"]}
_PROTECTION = {
    "properties": {
        "allow_deletions": _OPTIONAL,
        "allow_fork_syncing": _OPTIONAL,
        "block_creations": _OPTIONAL,
        "lock_branch": _OPTIONAL,
        "required_conversation_resolution": _OPTIONAL,
        "required_linear_history": _OPTIONAL,
    },
    "required": [
        "required_status_checks",
        "enforce_admins",
        "required_pull_request_reviews",
        "restrictions",
    ],
    "type": "object",
}
TAKEN_TOO = {
    "POST /repos/{owner}/{repo}/issues/{issue_number}/labels": _LABELS,
    "PUT /repos/{owner}/{repo}/issues/{issue_number}/labels": _LABELS,
    "PUT /repos/{owner}/{repo}/branches/{branch}/protection": _PROTECTION,
}
"""What GitHub takes besides what it describes: PyGithub and go-github send it."""


class Schemas:
    """Validators by key, each with the component schemas that it can refer to."""

    def __init__(self, components: dict[str, Json], *, formats: bool) -> None:
        self._components = {"schemas": components}
        self._formats = formats
        self._compiled: dict[str, jsonschema_rs.Validator] = {}

    def problems(self, key: str, schema: Json, instance: Json) -> list[str]:
        """Say what is wrong, one line each, as `path: message`."""
        validator = self._compiled.get(key)
        if validator is None:
            validator = self._compiled[key] = self._compile(schema)
        if validator.is_valid(instance):
            return []
        return [
            f"{'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
            for error in validator.iter_errors(instance)
        ]

    def _compile(self, schema: Json) -> jsonschema_rs.Validator:
        return jsonschema_rs.validator_for(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **schema,
                "components": {"schemas": self._reachable(schema)},
            },
            validate_formats=self._formats,
            formats={"email": _has_at},
        )

    def _reachable(self, schema: Json) -> dict[str, Json]:
        found: dict[str, Json] = {}
        todo = [schema]
        while todo:
            node = todo.pop()
            if isinstance(node, list):
                todo.extend(node)
            elif isinstance(node, dict):
                todo.extend(node.values())
                name = node["$ref"].rsplit("/", 1)[1] if isinstance(node.get("$ref"), str) else None
                if name and name not in found:
                    found[name] = self._components["schemas"][name]
                    todo.append(found[name])
        return found


def _has_at(text: str) -> bool:
    """GitHub's own answers hold `1+x[bot]@users.noreply.github.com`, no "email" to RFC 5321."""
    return "@" in text


class RestDescription:
    """GitHub's REST API, cut to the operations that the forge offers."""

    def __init__(self, document: Json) -> None:
        self.operations: dict[str, Json] = document["operations"]
        self._error = document["errors"]
        self._schemas = Schemas(document["schemas"], formats=True)

    def request_problems(self, operation: str, body: Json) -> list[str]:
        schema = self.operations[operation]["request"]
        if schema is None:
            return []
        problems = self._schemas.problems(f"{operation} request", schema, body)
        also = TAKEN_TOO.get(operation)
        if problems and also and not self._schemas.problems(f"{operation} too", also, body):
            return []
        return problems

    def response_problems(self, operation: str, status: int, body: Json) -> list[str]:
        """``body`` None means an answer without one."""
        documented = self.operations[operation]["responses"]
        code = str(status)
        if code in REFUSALS:
            schema = documented.get(code) if body and "errors" in body else None
            return self._schemas.problems(f"{operation} {code}", schema or self._error, body)
        if code not in documented:
            return [f"status {status} is not documented, only {', '.join(documented)}"]
        if documented[code] is None:
            return [] if body is None else ["a body where GitHub documents none"]
        return self._schemas.problems(f"{operation} {code}", documented[code], body)

    def for_apps(self, operation: str) -> bool:
        """Whether an installation token may call it at all."""
        return bool(self.operations[operation]["apps"])


class WebhookDescription:
    """GitHub's webhooks, without formats: its own examples break them."""

    def __init__(self, document: Json) -> None:
        self.events: dict[str, Json] = document["events"]
        self._schemas = Schemas(document["schemas"], formats=False)

    def problems(self, event: str, payload: Json) -> list[str]:
        action = payload.get("action")
        name = "-".join([event, action] if action else [event]).replace("_", "-")
        if name not in self.events:
            return [f"there is no webhook {name}"]
        return self._schemas.problems(name, self.events[name], payload)


def _read(name: str) -> Json:
    return json.loads(gzip.decompress(files(__package__).joinpath(name).read_bytes()))


@lru_cache(maxsize=1)
def rest_description() -> RestDescription:
    return RestDescription(_read("rest.json.gz"))


@lru_cache(maxsize=1)
def webhook_description() -> WebhookDescription:
    return WebhookDescription(_read("webhooks.json.gz"))
