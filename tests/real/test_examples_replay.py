"""Everything that GitHub sends, through the front door of a running service."""

import asyncio
import hmac
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.intake.examples import payloads
from tests.service.world import World, world

pytestmark = [pytest.mark.slow, pytest.mark.database]

SETTLED = ("ignore", "effect", "tell", "start")
PATIENCE = 150.0


async def test_every_example_is_accepted_and_decided_without_an_error(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        statuses, rows = await _replay(there, payloads())

    assert statuses == [202] * 329
    assert [row for row in rows if row["decision"] not in SETTLED or not row["reason"]] == []
    assert _trouble(tmp_path) == []


@pytest.mark.parametrize("installed", [True, False])
async def test_commands_from_where_we_see_nothing_are_answered_with_a_reason(
    tmp_path: Path, installed: bool
) -> None:
    """Every example asks for a run: of an installation, on repositories that it does not have."""
    async with world(tmp_path) as there:
        number = there.forge.ready["installation_id"] if installed else 987654321
        asking = [(event, _asking(payload, number)) for event, payload in payloads()]
        statuses, rows = await _replay(there, asking)

    assert statuses == [202] * 329
    assert {(row["decision"], row["attempts"]) for row in rows} == {("ignore", 1)}
    refused = [
        row for row in rows if row["event"] == "issue_comment" and row["action"] == "created"
    ]
    why = "the App was taken off it" if installed else "The App is not installed here any more"
    assert [why in row["reason"] for row in refused] == [True] * 5
    assert _trouble(tmp_path) == []


def _asking(payload: dict[str, Any], installation: int) -> dict[str, Any]:
    """Make it the App's own, and let its label and its comment ask for a run."""
    changed = {**payload, "installation": {**payload.get("installation", {}), "id": installation}}
    if isinstance(payload.get("label"), dict):
        changed["label"] = payload["label"] | {"name": "coppice"}
    if isinstance(payload.get("comment"), dict):
        changed["comment"] = payload["comment"] | {"body": "/coppice run"}
    return changed


def _trouble(folder: Path) -> list[str]:
    """Find the lines of the service's log that say that something went wrong."""
    lines = (folder / "serve.log").read_text().splitlines()
    return [line for line in lines if re.search(r"\b(ERROR|CRITICAL|Traceback)\b", line)]


async def _replay(
    there: World, examples: list[tuple[str, dict[str, Any]]]
) -> tuple[list[int], list[dict[str, Any]]]:
    """Deliver them; answer the statuses and, once each has its decision, the deliveries."""
    guids = [f"example-{n}" for n in range(len(examples))]
    statuses = [
        await _deliver(there, guid, event, payload)
        for guid, (event, payload) in zip(guids, examples, strict=True)
    ]
    rows = await _decided(there, set(guids))
    return statuses, [rows[guid] for guid in guids]


async def _deliver(there: World, guid: str, event: str, payload: dict[str, Any]) -> int:
    assert there.service is not None
    body = json.dumps(payload).encode()
    secret = str(there.forge.ready["webhook_secret"]).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-Hub-Signature-256": f"sha256={hmac.new(secret, body, 'sha256').hexdigest()}",
    }
    url = str(there.service.ready["webhook_url"])
    async with there.session.post(url, data=body, headers=headers) as answer:
        return answer.status


async def _decided(there: World, guids: set[str]) -> dict[str, dict[str, Any]]:
    """List the deliveries once each has its decision, or as they are when time is up."""
    end = time.monotonic() + PATIENCE
    while True:
        listed = await there.listed("deliveries", "--limit", "0")
        rows = {row["guid"]: row for row in listed if row["guid"] in guids}
        decided = all(row["decision"] not in ("pending", "error") for row in rows.values())
        if (decided and len(rows) == len(guids)) or time.monotonic() > end:
            return rows
        await asyncio.sleep(0.5)
