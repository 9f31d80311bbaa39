"""The way to one endpoint: its turn, its credential, and the patience that it asks for."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from io import BytesIO

import aiohttp

from bot.agent.catalogue import Endpoint
from bot.agent.gateway import hints
from bot.agent.gateway.dialect import Dialect
from bot.agent.gateway.price import Price
from bot.agent.gateway.scrub import Scrubber
from bot.agent.gateway.tokens import part
from bot.log import hide

PATIENCE = 600.0
"""Seconds that one call may wait in all, where nothing takes the endpoint's place."""
PATIENCE_WITH_FALLBACK = 20.0
LONGEST_PAUSE = 60.0
"""Between two tries, where the host does not say how long."""
DOWN_SECONDS = 60.0
"""So long it is not tried again once it was down, where something takes its place."""
SHORTEST_SECRET = 8
"""What is shorter would be found in ordinary words."""
ERROR_BYTES = 64 * 1024
ERROR_SECONDS = 5.0
"""To say why it refused a call; its status says the most."""
ERROR_CHARACTERS = 2000


class Down(Exception):
    """It does not answer, or not as an endpoint does; the text says how."""


class CutOff(Down):
    """It began an answer and broke off: the next one may be whole."""


class Told(Exception):
    """It refused a call: its status, what its body says, and that as a line of text."""

    def __init__(
        self,
        status: int,
        fields: Mapping[str, str],
        text: str,
        *,
        hint: float | None = None,
        spent: bool = False,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.fields = fields
        self.text = text
        self.hint = hint
        """Seconds that it asks to wait."""
        self.spent = spent
        """The account has no credit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call may wait for its host, and who hears of it."""

    seconds: float
    pause: Callable[[str], AbstractContextManager[None]]
    """Held while it waits; hears for what."""
    begun: Callable[[], None]
    """It goes out now."""
    call_seconds: float
    """How long the answer may take in all."""


class Upstream:
    """One endpoint of the catalogue, as all attempts of this process share it."""

    def __init__(
        self, name: str, endpoint: Endpoint, price: Price, *, proxy: str | None = None
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.price = price
        self.slots = asyncio.Semaphore(endpoint.parallel or 10**6)
        self.down_until = 0.0
        self.refuses: set[str] = set()
        """Parameters of ours that it does not take, or not as we give them."""
        self._proxy = proxy
        self._not_before = 0.0
        self._reason = ""
        """Why it is to be left alone until then."""

    @property
    def window(self) -> int | None:
        return self.endpoint.window or self.price.window

    @property
    def is_down(self) -> bool:
        return time.monotonic() < self.down_until

    def learn(self, added: frozenset[str], told: "Told") -> bool:
        """Say whether it refused a call for what we added to it; that is not added again."""
        said = told.text.lower().replace("_", "")
        named = {name for name in added if name.lower().replace("_", "") in said}
        if told.status in (400, 422):
            self.refuses |= named
        return told.status in (400, 422) and bool(named)

    def secrets(self) -> tuple[str, ...]:
        """What must not come back in an answer, nor stand in a log."""
        headers = tuple(value.get_secret_value() for value in self.endpoint.headers.values())
        given = (self.endpoint.credential(), *headers)
        secrets = tuple(secret for secret in given if len(secret) >= SHORTEST_SECRET)
        hide(*secrets)  # tokens of subscriptions change while we run
        return secrets

    def headers(self, dialect: Dialect, given: Mapping[str, str]) -> dict[str, str]:
        """Make the headers of a call: the credential is added here and nowhere else."""
        own = {k.lower(): v.get_secret_value() for k, v in self.endpoint.headers.items()}
        sent = {"content-type": "application/json", "user-agent": "coppice"}
        sent |= dialect.own_headers(given, bearer=self.endpoint.is_subscription)
        credential = self.endpoint.credential()
        if credential and self.endpoint.is_subscription:
            sent["authorization"] = f"Bearer {credential}"
        elif credential:
            bearer = dialect.key_header == "authorization"
            sent[dialect.key_header] = f"Bearer {credential}" if bearer else credential
        # compressed words could not be counted as they pass
        return {**sent, **own, "accept-encoding": "identity"}

    async def send(
        self,
        session: aiohttp.ClientSession,
        url: str,
        payload: bytes,
        headers: Mapping[str, str],
        patience: Patience,
    ) -> aiohttp.ClientResponse:
        """Send a call and wait for its answer to begin; wait out 408, 429 and 5xx.

        Raises Down, and Told for an answer that no waiting changes.
        """
        deadline = time.monotonic() + patience.seconds
        for tries in range(1_000):
            await self._turn(patience)
            patience.begun()
            try:
                answer = await self._post(session, url, payload, headers, patience.call_seconds)
            except Told as told:
                reason, hint = str(told.status), told.hint
                if not is_passing(told):
                    raise
            except aiohttp.ClientConnectionError as error:
                reason, hint = f"cannot be reached ({_reason(error)})", None
            else:
                return answer
            pause = min(LONGEST_PAUSE, 2.0**tries) if hint is None else max(0.05, hint)
            if time.monotonic() + pause > deadline:
                asked = "" if hint is None else f", asks to wait {_words(hint)}"
                raise Down(f"{reason}{asked}")
            self._leave_alone(reason, pause)
        raise Down("asks again and again to wait")

    def _leave_alone(self, reason: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        if until > self._not_before:
            self._not_before, self._reason = until, reason

    async def _turn(self, patience: Patience) -> None:
        """Wait until the host wants calls again; a pause that one call was asked for holds all."""
        left = self._not_before - time.monotonic()
        if left <= 0:
            return
        with patience.pause(f"waits for the model: {self._reason}, {_words(left)}"):
            for _ in range(1_000):
                await asyncio.sleep(max(0.0, left))
                left = self._not_before - time.monotonic()
                if left <= 0:
                    return

    async def _post(
        self,
        session: aiohttp.ClientSession,
        url: str,
        payload: bytes,
        headers: Mapping[str, str],
        seconds: float,
    ) -> aiohttp.ClientResponse:
        limit = self.endpoint.first_byte_seconds
        timeout = aiohttp.ClientTimeout(
            total=seconds, sock_connect=min(15.0, limit), sock_read=limit
        )
        try:
            answer = await session.post(
                url,
                data=BytesIO(payload),  # sent piece by piece, so that others get their turn
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
                proxy=self._proxy,
            )
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise aiohttp.ClientConnectionError("it does not take connections") from error
            raise Down(f"has not answered for {limit:g} s") from error
        except aiohttp.ClientConnectionError:
            raise
        except (aiohttp.ClientError, ValueError) as error:
            said = Scrubber(self.secrets())(_fault(error))
            raise Down(f"answers no HTTP that we can read ({said})") from error
        if answer.status == 200:
            return answer
        try:
            if answer.status < 300:
                raise Down(f"answers {answer.status}, without a model's words")
            raise await self._told(answer)
        finally:
            answer.close()

    async def _told(self, answer: aiohttp.ClientResponse) -> Told:
        text = (await _read(answer)).decode(errors="replace")
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = {}
        body = body[0] if isinstance(body, list) and body else body
        body = body if isinstance(body, dict) else {}
        headers = {name.lower(): value for name, value in answer.headers.items()}
        scrub = Scrubber(self.secrets())
        error = part(body, "error")
        said = error.get("message") or body.get("message") or body.get("error")
        said = said if isinstance(said, str) else _visible(text)
        return Told(
            answer.status,
            {
                name: scrub(value[:100])
                for name in ("type", "code", "status", "param")
                if isinstance(value := error.get(name), str)
            },
            scrub(said[:ERROR_CHARACTERS]),
            hint=hints.seconds(headers, body, time.time()),
            spent=hints.is_spent(text),
        )


def is_passing(told: Told) -> bool:
    """Say whether it may be otherwise after a while."""
    if told.status == 429:
        return not told.spent
    return told.status in (408, 425) or told.status >= 500


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """Read an error's words, which may come in pieces, and may never end."""
    raw = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(ERROR_SECONDS):
            async for piece in answer.content.iter_any():
                raw += piece
                if len(raw) > ERROR_BYTES:
                    break
    return bytes(raw[:ERROR_BYTES])


def _fault(error: Exception) -> str:
    """Say what about an answer could not be read."""
    told = " ".join(getattr(error, "message", "").split())[:200]
    return told or type(error).__name__


def _visible(text: str) -> str:
    """Shorten what is no JSON, a page for example."""
    start = text.lstrip()[:15].lower()
    if start.startswith(("<!doctype", "<html")):
        return "an HTML page"
    return " ".join(text.split())[:300]


def _reason(error: Exception) -> str:
    inner = getattr(error, "os_error", None)
    return str(getattr(inner, "strerror", None) or type(error).__name__)


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.0f} h"
