"""The front door over real HTTP, with a sender that signs as GitHub does."""

import hmac
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any

import psycopg
from aiohttp import ClientSession, web

from bot.intake.entrance import Entrance
from bot.intake.journal import Journal
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.deliveries import DeliveryRow

SECRET = "It's a Secret to Everybody"


def signed(body: bytes, *, secret: str = SECRET, algorithm: str = "sha256") -> str:
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


@dataclass
class Door:
    url: str
    database: Database
    journal: Journal
    session: ClientSession
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def deliver(
        self,
        event: str = "issues",
        payload: Any = None,
        *,
        guid: str | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> int:
        """Send a payload, bytes as they are, and answer the status; None leaves a header out."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode()
        usual: dict[str, str | None] = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid or f"guid-{next(self._numbers)}",
            "X-Hub-Signature-256": signed(body),
        }
        sent = {k: v for k, v in (usual | dict(headers or {})).items() if v is not None}
        async with self.session.post(self.url, data=BytesIO(body), headers=sent) as response:
            self.said = await response.text()
            return response.status

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody write deliveries meanwhile."""
        if self.database.file:
            with self.database.file.turn:
                yield
            return
        with psycopg.connect(self.database.url) as connection:
            connection.execute("LOCK TABLE deliveries IN EXCLUSIVE MODE")
            yield

    async def rows(self) -> list[DeliveryRow]:
        """List the deliveries in the order in which they came."""
        return (await self.database.read(deliveries.listing))[::-1]

    async def row(self, guid: str) -> DeliveryRow:
        row = await self.database.read(lambda c: deliveries.get(c, guid))
        assert row is not None
        return row


@asynccontextmanager
async def open_door(url: str, *, secrets: Sequence[str] = (SECRET,)) -> AsyncIterator[Door]:
    database = await Database.open(url)
    journal = await Journal.open(database.file or database.url)
    app = web.Application()
    entrance = await Entrance.open(app, journal, secrets=secrets, host="127.0.0.1", port=0)
    port = entrance.address[1]
    try:
        async with ClientSession() as session:
            yield Door(f"http://127.0.0.1:{port}/webhook", database, journal, session)
    finally:
        await entrance.close()
        await journal.close()
        await database.close()


def about(repository_id: int, number: int = 1, **more: Any) -> dict[str, Any]:
    """Build a payload about an issue of a repository."""
    return {
        "action": "labeled",
        "issue": {"number": number},
        "repository": {"id": repository_id, "full_name": f"octo/shop-{repository_id}"},
        "installation": {"id": 5},
        **more,
    }
