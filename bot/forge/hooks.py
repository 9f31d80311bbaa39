"""Send events to an App's webhook over HTTP: signed, logged, never sent again unless asked.

Deliveries of one repository go out one after the other, those of different ones side by side; a
receiver has ten seconds to answer. GitHub promises no order, so the faults may break this one.
"""

import asyncio
import hashlib
import hmac
import time
import uuid
import zlib
from collections import deque
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec

from bot.forge.faults import Fault, FaultKind, Faults
from bot.forge.records import App, Delivery
from bot.forge.records.deliveries import PENDING
from bot.forge.state import State

ANSWER_SECONDS = 10.0
PAYLOAD_LIMIT = 25 << 20
"""GitHub drops larger ones, without an entry in the log."""
KEPT = 50_000
"""Deliveries in the log at most; those of the last three days are shown."""


class Hooks:
    """Queues and log of the deliveries of all Apps."""

    def __init__(self, state: State, faults: Faults) -> None:
        self._state = state
        self._faults = faults
        self._session: aiohttp.ClientSession | None = None
        self._queues: dict[str, deque[tuple[Delivery, Fault | None]]] = {}
        self._senders: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS), auto_decompress=False
        )

    async def close(self) -> None:
        """Stop sending; what waits is lost, as it is when GitHub's own queue is lost."""
        senders = list(self._senders)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def settled(self) -> None:
        """Wait until nothing is left to send."""
        await self._idle.wait()

    def send(self, app: App, event: str, payload: dict[str, Any]) -> None:
        """Put an event into the log and on its way; without an address there is no delivery."""
        body = msgspec.json.encode(payload)
        if not app.hook.url or len(body) > PAYLOAD_LIMIT:
            return
        delivery = self._log(
            Delivery(
                id=self._state.new_id(),
                guid=str(uuid.uuid4()),
                app=app,
                event=event,
                action=payload.get("action"),
                packed=zlib.compress(body, level=1),
                installation_id=payload.get("installation", {}).get("id"),
                repository_id=payload.get("repository", {}).get("id"),
                delivered_at=self._state.now(),
            )
        )
        fault = self._faults.for_event(event, delivery.action)
        if fault and fault.kind is FaultKind.DELAY:
            self._start(self._later(delivery, fault.seconds))
        else:
            self._enqueue(delivery, fault)

    def redeliver(self, delivery: Delivery) -> None:
        """Try an event again: a new delivery under the same GUID."""
        again = replace(
            delivery,
            id=self._state.new_id(),
            redelivery=True,
            delivered_at=self._state.now(),
            status=PENDING,
            status_code=0,
            response_headers={},
            response_body="",
        )
        self._enqueue(self._log(again), None)

    def _log(self, delivery: Delivery) -> Delivery:
        self._state.deliveries.append(delivery)
        del self._state.deliveries[:-KEPT]
        return delivery

    def _enqueue(self, delivery: Delivery, fault: Fault | None) -> None:
        key = f"{delivery.app.id}/{delivery.repository_id}"
        queue = self._queues.setdefault(key, deque())
        queue.append((delivery, fault))
        if len(queue) == 1:
            self._start(self._work(key))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._idle.clear()
        sender = asyncio.create_task(work)
        self._senders.add(sender)
        sender.add_done_callback(self._ended)

    def _ended(self, sender: asyncio.Task[None]) -> None:
        self._senders.discard(sender)
        if not self._senders:
            self._idle.set()

    async def _later(self, delivery: Delivery, seconds: float) -> None:
        """What comes after it is not held up."""
        await asyncio.sleep(seconds)
        self._enqueue(delivery, None)

    async def _work(self, key: str) -> None:
        queue = self._queues[key]
        while queue:
            delivery, fault = queue[0]
            if fault and fault.kind is FaultKind.REORDER and len(queue) == 1:
                await asyncio.sleep(fault.seconds)
            if fault and fault.kind is FaultKind.REORDER and len(queue) > 1:
                queue[0], queue[1] = queue[1], (delivery, None)
                delivery, fault = queue[0]
            await self._deliver(delivery, fault)
            queue.popleft()
        del self._queues[key]

    async def _deliver(self, delivery: Delivery, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        delivery.delivered_at = self._state.now()
        if kind is FaultKind.DROP:
            delivery.status = "failed to connect to host"
            return
        await self._post(delivery)
        if kind is FaultKind.DUPLICATE:
            await self._post(delivery)

    async def _post(self, delivery: Delivery) -> None:
        if self._session is None:
            raise RuntimeError("the hooks are not open")
        hook = delivery.app.hook
        body = delivery.body
        if hook.content_type == "form":
            body = urlencode({"payload": body.decode()}).encode()
        delivery.url = hook.url
        delivery.request_headers = headers(delivery, body)
        start = time.perf_counter()
        try:
            async with self._session.post(
                hook.url, data=body, headers=delivery.request_headers, allow_redirects=False
            ) as response:
                delivery.response_body = (await response.content.read(65536)).decode(
                    errors="replace"
                )
                delivery.response_headers = dict(response.headers)
                delivery.status_code = response.status
                ok = 200 <= response.status < 300
                delivery.status = "OK" if ok else f"Invalid HTTP Response: {response.status}"
        except TimeoutError:
            delivery.status = "timed out"
        except (aiohttp.ClientError, OSError, ValueError):
            delivery.status = "failed to connect to host"
        delivery.duration = round(time.perf_counter() - start, 3)


def headers(delivery: Delivery, body: bytes) -> dict[str, str]:
    """GitHub's headers, with both signatures where there is a secret."""
    app = delivery.app
    form = app.hook.content_type == "form"
    sent = {
        "Accept": "*/*",
        "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        "User-Agent": "GitHub-Hookshot/forge",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(app.id),
        "X-GitHub-Hook-Installation-Target-ID": str(app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    if app.hook.secret:
        secret = app.hook.secret.encode()
        sent["X-Hub-Signature"] = "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()
        sent["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return sent
