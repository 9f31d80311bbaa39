"""Cut GitHub's description to what the forge offers: `python -m bot.forge.schema.extract DIR`.

DIR is a `node_modules` with `@octokit/openapi` 23.0.2, `@octokit/openapi-webhooks` 12.1.0 and
`@octokit/graphql-schema` 15.26.1 (MIT, notices in ``LICENSE``). Writes beside this file
``rest.json.gz`` and ``webhooks.json.gz``, as plain JSON Schema 2020-12 (OpenAPI 3.0's `nullable`
and boolean exclusive bounds are translated here), and ``schema.graphql.gz``.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from bot.forge.schema.graphql_extract import cut
from bot.forge.schema.operations import OPERATIONS, WEBHOOKS

Json = Any
VERSIONS = {
    "@octokit/graphql-schema": "15.26.1",
    "@octokit/openapi": "23.0.2",
    "@octokit/openapi-webhooks": "12.1.0",
}
COMPONENT = "#/components/schemas/"
NOISE = {"example", "examples", "externalDocs", "xml", "discriminator", "title", "deprecated"}
INSTALLATION = {"$ref": f"{COMPONENT}installation"}
NAMED = {"properties", "patternProperties", "$defs"}


def plain(node: Json, *, named: bool = False) -> Json:
    """Drop prose and translate OpenAPI's own words; ``named``: keys are names, not keywords."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if named:
        return {key: plain(value) for key, value in node.items()}
    kept = {
        key: plain(value, named=key in NAMED)
        for key, value in node.items()
        if key not in NOISE and not key.startswith("x-") and key != "description"
    }
    return nullable(bounds(kept))


def bounds(node: dict[str, Json]) -> dict[str, Json]:
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(exclusive), bool) and node.pop(exclusive) and limit in node:
            node[exclusive] = node.pop(limit)
    return node


def nullable(node: dict[str, Json]) -> dict[str, Json]:
    if not node.pop("nullable", False):
        return node
    if isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        if "enum" in node and None not in node["enum"]:
            node["enum"] = [*node["enum"], None]
        return node
    return {"anyOf": [node, {"type": "null"}]}


def reachable(roots: Json, schemas: dict[str, Json]) -> dict[str, Json]:
    """Collect the component schemas that ``roots`` lead to."""
    found: dict[str, Json] = {}
    todo = [roots]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            todo.extend(node.values())
            name = str(node.get("$ref", "")).removeprefix(COMPONENT)
            if "$ref" in node and name not in found:
                found[name] = plain(schemas[name])
                todo.append(found[name])
    return found


def resolve(node: Json, spec: Json) -> Json:
    while "$ref" in node:
        _, _, kind, name = node["$ref"].split("/", 3)
        node = spec["components"][kind][name]
    return node


def body(node: Json, spec: Json) -> Json:
    """The JSON schema of a request or answer; None where there is no JSON body."""
    media = resolve(node, spec).get("content", {}).get("application/json")
    return plain(media["schema"]) if media else None


def operation(node: Json, spec: Json) -> Json:
    request = node.get("requestBody")
    return {
        "apps": node.get("x-github", {}).get("enabledForGitHubApps", False),
        "request": body(request, spec) if request else None,
        "responses": {code: body(answer, spec) for code, answer in node["responses"].items()},
    }


def rest(spec: Json) -> Json:
    """Cut out the operations; three slips of the description are put right.

    An account in the list of installations is no user *and* enterprise, the head repository of a
    pull request is null once its fork is gone, and so are the places of outdated comments.
    """
    operations = {
        f"{method} {path}": operation(spec["paths"][path][method.lower()], spec)
        for path, methods in OPERATIONS.items()
        for method in methods.split()
    }
    operations["GET /app/installations"]["responses"]["200"]["items"] = INSTALLATION
    errors = {"operations": operations, "errors": {"$ref": f"{COMPONENT}basic-error"}}
    schemas = reachable(errors, spec["components"]["schemas"])
    for name in ("pull-request", "pull-request-simple"):
        ends = schemas[name]["properties"]["head"]["properties"]
        ends["repo"] = optional(ends["repo"])
    for name in ("pull-request-review-comment", "review-comment"):
        places = schemas[name]["properties"]
        for key in ("line", "original_line", "position", "original_position"):
            places[key] = optional(places[key])
    return {**errors, "schemas": schemas}


def optional(node: Json) -> Json:
    return {"anyOf": [node, {"type": "null"}]}


def webhooks(spec: Json) -> Json:
    events = {
        name: plain(hook["post"]["requestBody"]["content"]["application/json"]["schema"])
        for name, hook in spec["webhooks"].items()
        if any(name == w or (w.endswith("-") and name.startswith(w)) for w in WEBHOOKS)
    }
    return {"events": events, "schemas": reachable(events, spec["components"]["schemas"])}


def read(modules: Path, package: str, file: str = "generated/api.github.com.json") -> str:
    folder = modules / package
    version = json.loads((folder / "package.json").read_text())["version"]
    if version != VERSIONS[package]:
        raise SystemExit(f"{package} is {version}, wanted {VERSIONS[package]}")
    return (folder / file).read_text()


def write(name: str, text: str) -> None:
    target = Path(__file__).with_name(name)
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stderr.write(f"{name}: {target.stat().st_size // 1024} KiB\n")


def dense(content: Json) -> str:
    return json.dumps(content, separators=(",", ":"), sort_keys=True)


def main() -> None:
    modules = Path(sys.argv[1])
    write("rest.json.gz", dense(rest(json.loads(read(modules, "@octokit/openapi")))))
    hooks = read(modules, "@octokit/openapi-webhooks")
    write("webhooks.json.gz", dense(webhooks(json.loads(hooks))))
    graphql = read(modules, "@octokit/graphql-schema", "schema.graphql")
    write("schema.graphql.gz", cut(graphql))


if __name__ == "__main__":
    main()
