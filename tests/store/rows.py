"""Rows for tests: whole values, of which a test names what matters to it."""

from typing import Any

from bot.runs import Person, Publish, RepositoryRef, Run, Trigger, Visit
from bot.store.journal.arrivals import Arrival

SHOP = RepositoryRef(id=10, full_name="octo/shop", installation_id=5)
VISIT = Visit(
    number=7,
    house="a" * 40,
    head_sha="b" * 40,
    head_ref="patch-1",
    head_repository="eve/shop",
    same_repository=False,
)


def a_run(run_id: str = "aaaaaa111111", **values: Any) -> Run:
    usual: dict[str, Any] = {
        "id": run_id,
        "repository": SHOP,
        "issue": 7,
        "pipeline": "fix",
        "agent": "scripted",
        "publish": Publish.PR,
        "trigger": Trigger(
            delivery="guid-1",
            by=Person(id=1, login="ana"),
            title="A title",
            body="A body",
            at="2026-01-01T00:00:00Z",
        ),
        "created_at": 1000.0,
        "updated_at": 1000.0,
    }
    return Run(**usual | values)


def an_arrival(guid: str = "guid-1", **values: Any) -> Arrival:
    usual: dict[str, Any] = {
        "guid": guid,
        "event": "issues",
        "action": "labeled",
        "repository": SHOP.full_name,
        "repository_id": SHOP.id,
        "number": 7,
        "installation_id": SHOP.installation_id,
        "received_at": 1000.0,
        "source": "webhook",
        "payload": b'{"action": "labeled"}',
    }
    return Arrival(**usual | values)
