"""Everything that GitHub sends, through the front door of a running service."""

import asyncio
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.intake.examples import payloads
from tests.service.world import World, world

pytestmark = pytest.mark.slow

SETTLED = ("ignore", "effect", "tell", "start")
PATIENCE = 60.0


async def test_every_example_is_accepted_and_decided_without_an_error(tmp_path: Path) -> None:
    examples = payloads()
    async with world(tmp_path) as there:
        statuses = [
            await _deliver(there, f"example-{n}", event, payload)
            for n, (event, payload) in enumerate(examples)
        ]
        rows = await _decided(there, {f"example-{n}" for n in range(len(examples))})

    assert statuses == [202] * 329
    undecided = [row for row in rows.values() if row["decision"] not in SETTLED]
    assert (len(rows), undecided) == (329, [])
    assert [row for row in rows.values() if row["decision"] == "ignore" and not row["reason"]] == []
    log = (tmp_path / "serve.log").read_text()
    assert [line for line in log.splitlines() if _is_trouble(line)] == []


def _is_trouble(line: str) -> bool:
    return any(word in line for word in ("ERROR", "CRITICAL", "Traceback"))


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
