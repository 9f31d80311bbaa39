"""Find other open pull requests that are about the same issue, or change the same files."""

import re
from collections.abc import Mapping
from typing import Any

from bot.github.answers import Refusal
from bot.github.client import Client
from bot.runs import RepositoryRef, Rival

NEWEST = 30
"""Open pull requests whose files are looked at, the most recently touched ones."""
_HIDDEN = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|<!--.*?(?:-->|\Z)", re.DOTALL)
_CLOSING = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s*:?\s+"


async def closing(client: Client, ref: RepositoryRef, issue: int) -> list[Rival]:
    """List the open pull requests of the repository that say that they close an issue."""
    found: dict[int, Rival] = {}
    says = _says(ref, issue)
    path = f"/repos/{ref.full_name}/issues/{issue}/timeline?per_page=100"
    async for line in client.getiter(path):
        source = (line.get("source") or {}).get("issue") or {}
        if line.get("event") != "cross-referenced" or "pull_request" not in source:
            continue
        here = (source.get("repository") or {}).get("id") == ref.id
        text = _HIDDEN.sub("", source.get("body") or "")
        if here and source["state"] == "open" and says.search(text):
            found[source["number"]] = _rival(source)
    return list(found.values())


async def touched(client: Client, ref: RepositoryRef) -> list[tuple[Rival, list[str]]]:
    """List what the open pull requests change, up to a hundred paths each."""
    query = f"state=open&sort=updated&direction=desc&per_page={NEWEST}"
    listed = await client.getitem(f"/repos/{ref.full_name}/pulls?{query}")
    return [(_rival(pull), await _files(client, ref, pull["number"])) for pull in listed]


async def _files(client: Client, ref: RepositoryRef, number: int) -> list[str]:
    try:
        listed = await client.getitem(f"/repos/{ref.full_name}/pulls/{number}/files?per_page=100")
    except Refusal as refusal:
        if refusal.status in (404, 410, 422):  # gone meanwhile, or too large a difference
            return []
        raise
    return [str(file["filename"]) for file in listed]


def _rival(item: Mapping[str, Any]) -> Rival:
    author = (item.get("user") or {}).get("login") or "ghost"
    return Rival(number=item["number"], author=author)


def _says(ref: RepositoryRef, issue: int) -> "re.Pattern[str]":
    name = re.escape(ref.full_name)
    where = rf"(?:(?:{name})?#|https?://[^\s/]+/{name}/issues/){issue}\b"
    return re.compile(_CLOSING + where, re.IGNORECASE)
