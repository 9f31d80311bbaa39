"""Call GitHub's REST API as one installation: redirects, renewed tokens, limits, ETags.

Tokens go to GitHub's own origin only, and an answer that leads to another repository is refused.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from gidgethub import HTTPException
from gidgethub.abc import GitHubAPI
from yarl import URL

from bot.github.answers import (
    NO_PERMISSION,
    RateLimited,
    Refusal,
    Unanswered,
    graphql_refusal,
    problem,
)
from bot.github.connection import Connection, Pause, Token, Tokens
from bot.github.kept import Answers
from bot.telemetry import seen

REQUESTER = "coppice"
REDIRECTS = frozenset({301, 302, 307, 308})
MAX_REDIRECTS = 5
RETRY_SECONDS = (1.0, 3.0)  # after a lost connection or 5xx, where a second call does no harm
LONG_TIMEOUT = aiohttp.ClientTimeout(total=180, sock_connect=10, sock_read=30)
"""For logs, which may be hundreds of megabytes."""
_REPOSITORY_ID = re.compile(r"/repositories/(\d+)(?:/|$)")

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes

    def signed(self, token: Token) -> "_Request":
        headers = {**self.headers, "authorization": f"{token.scheme} {token.value}"}
        return replace(self, headers=headers)

    @property
    def repeatable(self) -> bool:
        """A second one does no harm; only POST creates, and a token too many hurts nobody."""
        return self.method != "POST" or self.url.path.endswith("/access_tokens")


class Client(GitHubAPI):
    """gidgethub's calls, with what GitHub really does taken care of.

    Raises RateLimited, Unanswered or Refusal (``bot/github/answers.py``), never gidgethub's own.
    """

    def __init__(
        self,
        connection: Connection,
        tokens: Tokens | None,
        pause: Pause,
        *,
        repository_id: int | None = None,
        answers: Answers | None = None,
    ) -> None:
        """``answers`` are those that GitHub may say of that they have not changed; None: none."""
        super().__init__(REQUESTER, base_url=connection.base_url, cache=answers)
        self._connection = connection
        self._tokens = tokens
        self._pause = pause
        self._repository_id = repository_id
        self._origin = URL(connection.base_url).origin()
        self._root = URL(connection.base_url).path.rstrip("/")

    async def send(self, method: str, path: str, data: Any) -> tuple[int, Any]:
        """Make a call that writes; answer the status too, which tells new from already there."""
        accept = "application/vnd.github+json"
        answer, _, status = await self._make_request(method, path, {}, data, accept)
        return status, answer

    async def graphql(self, document: str, **variables: Any) -> Any:  # type: ignore[override]
        """Ask, or change something, by GraphQL; answer its `data`.

        Raises Refusal, with GitHub's own words, where any part of it failed.
        """
        api = self.base_url.rstrip("/").removesuffix("/v3")
        sent = {"query": document, "variables": variables}
        _, answer = await self.send("POST", f"{api}/graphql", sent)
        if errors := answer.get("errors"):
            raise graphql_refusal(errors)
        return answer["data"]

    async def download(self, path: str, limit: int) -> str:
        """Read the end of a text that GitHub keeps elsewhere; that place never gets our token."""
        self._pause.check()
        url = self._ours(URL(f"{self.base_url.rstrip('/')}{path}", encoded=True))
        request = _Request(method="GET", url=url, headers={"user-agent": REQUESTER}, body=b"")
        if self._tokens is not None:
            request = request.signed(await self._tokens.current())
        status, headers, _ = await self._exchange(request)
        if status not in REDIRECTS:
            raise Refusal("gone", f"GitHub answered {status} to GET {path}", status=status)
        place = url.join(URL(headers.get("location", ""), encoded=True))
        if place.scheme != "https" and place.origin() != self._origin:
            raise Refusal("invalid", f"GitHub points to {place.host} without TLS", status=status)
        plain = _Request(method="GET", url=place, headers={"user-agent": REQUESTER}, body=b"")
        status, end = await self._end_of(plain, limit)
        if status != HTTPStatus.OK:
            raise Refusal("gone", f"{place.host} answered {status} for {path}", status=status)
        return end.decode(errors="replace")

    async def _end_of(self, request: _Request, limit: int) -> tuple[int, bytes]:
        """Read a long answer and keep its end only; what comes too slowly raises Unanswered."""
        kept = bytearray()
        try:
            async with self._connection.session.get(
                request.url,
                headers=request.headers,
                allow_redirects=False,
                timeout=LONG_TIMEOUT,
            ) as response:
                async for chunk in response.content.iter_chunked(1 << 16):
                    kept += chunk
                    del kept[:-limit]
                return response.status, bytes(kept)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise Unanswered(f"{request.url.host} did not give all of it: {error}", 10) from error

    async def sleep(self, seconds: float) -> None:
        await self._connection.clock.sleep(seconds)

    async def handle_rate_limit_error(
        self, *, method: str, url: str, exception: HTTPException, attempt: int
    ) -> bool:
        """Raise what the answer means; nothing is tried again at this height."""
        call = f"{method} {URL(url).path}"
        meaning = problem(exception, call, self._connection.clock.now())
        if isinstance(meaning, RateLimited):
            self._pause.begin(meaning)
        raise meaning from exception

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        self._pause.check()
        target = self._ours(URL(url, encoded=True))
        request = _Request(method=method, url=target, headers=headers, body=body)
        if self._tokens is None:
            return await self._follow(request)
        token = await self._tokens.current()
        answer = await self._follow(request.signed(token))
        if answer[0] == HTTPStatus.UNAUTHORIZED and not token.fresh:
            token = await self._tokens.renew(token, _date(answer))
            answer = await self._follow(request.signed(token))
        if token.partial and (_forbidden(answer) or _forbidden_in_graphql(target, answer)):
            # it may be granted by now
            token = await self._tokens.renew(token, _date(answer))
            answer = await self._follow(request.signed(token))
        if token.fresh and _unknown(token, answer):
            # Lag, or revoked: a new one tells, and is as good as this one when it is known.
            token = await self._tokens.renew(token, _date(answer))
            return await self._when_known(request, token, answer)
        return answer

    async def _when_known(self, request: _Request, token: Token, answer: Answer) -> Answer:
        if token.partial:  # so that is what was refused; what else it may is known at once
            answer = await self._follow(request.signed(token))
        for seconds in self._tokens.lag if self._tokens else ():
            if not _unknown(token, answer):
                break
            await self.sleep(seconds)
            answer = await self._follow(request.signed(token))
        return answer

    async def _follow(self, request: _Request) -> Answer:
        """Follow redirects with the same method and body: aiohttp would turn a POST into a GET."""
        for _ in range(MAX_REDIRECTS):
            answer = await self._exchange(request)
            if answer[0] not in REDIRECTS:
                return answer
            location = request.url.join(URL(answer[1].get("location", ""), encoded=True))
            request = replace(request, url=self._ours(location))
        raise Refusal("invalid", f"GitHub redirects {request.url.path} for ever", status=301)

    def _ours(self, url: URL) -> URL:
        if url.origin() != self._origin:
            raise Refusal("invalid", f"GitHub points to another host, {url.host}", status=301)
        moved_to = _REPOSITORY_ID.match(url.path.removeprefix(self._root))
        if self._repository_id and moved_to and int(moved_to[1]) != self._repository_id:
            reason = "It was transferred to another repository; start again from there."
            raise Refusal("gone", reason, status=301)
        return url

    async def _exchange(self, request: _Request) -> Answer:
        for seconds in RETRY_SECONDS if request.repeatable else ():
            try:
                answer = await self._once(request)
            except Unanswered:
                await self.sleep(seconds)
                continue
            if answer[0] < HTTPStatus.INTERNAL_SERVER_ERROR:
                return answer
            await self.sleep(seconds)
        return await self._once(request)

    async def _once(self, request: _Request) -> Answer:
        call = f"{request.method} {request.url.path}"
        if self._connection.fence is not None and request.method != "GET":
            await self._connection.fence()
        try:
            async with self._connection.session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body or None,  # an empty body would be a task and a payload
                allow_redirects=False,
                timeout=self._connection.timeout,
            ) as response:
                seen.github_answered(id(self._pause), response.status, response.headers)
                return response.status, response.headers, await response.read()
        except TimeoutError as error:
            seen.github_answered(id(self._pause), None, {})
            raise Unanswered(f"GitHub did not answer {call} in time", 10) from error
        except aiohttp.ClientError as error:
            seen.github_answered(id(self._pause), None, {})
            raise Unanswered(f"no connection to GitHub for {call}: {error}", 10) from error


def _date(answer: Answer) -> float | None:
    """Read when GitHub says that it answered, as Unix time."""
    try:
        return parsedate_to_datetime(answer[1].get("date", "")).timestamp()
    except ValueError:
        return None


def _unknown(token: Token, answer: Answer) -> bool:
    """Tell the answers that a token gets in its first seconds (octokit/auth-app#65, #589).

    One that may too little is forbidden things for that.
    """
    forbidden = _forbidden(answer) and not token.partial
    return answer[0] == HTTPStatus.UNAUTHORIZED or forbidden


def _forbidden_in_graphql(url: URL, answer: Answer) -> bool:
    """Tell whether all of it was refused: what was done in part is never done again."""
    if not url.path.endswith("/graphql") or NO_PERMISSION.encode() not in answer[2]:
        return False
    try:
        told = json.loads(answer[2])
    except ValueError:
        return False
    done = any(part is not None for part in (told.get("data") or {}).values())
    return not done and NO_PERMISSION in str(told.get("errors"))


def _forbidden(answer: Answer) -> bool:
    return answer[0] == HTTPStatus.FORBIDDEN and NO_PERMISSION.encode() in answer[2]
