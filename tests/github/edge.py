"""GitHub's edge as a plain web server: gives the answers a test wants, keeps the requests."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKENS = "/app/installations/9/access_tokens"
SILENCE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    method: str
    path: str
    body: str
    authorization: str | None
    if_none_match: str | None


@dataclass
class Edge:
    url: str = ""
    answers: dict[str, list[tuple[int, Any, dict[str, str]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    asked: list[Asked] = field(default_factory=list)
    tokens: int = 0

    def will(self, call: str, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next request to ``call`` (`GET /path`) so; the last answer repeats."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[call].append((status, body, named))

    def calls(self, call: str) -> list[Asked]:
        method, path = call.split(" ")
        return [asked for asked in self.asked if (asked.method, asked.path) == (method, path)]

    async def answer(self, request: web.Request) -> web.Response:
        call = f"{request.method} {request.path}"
        self.asked.append(
            Asked(
                method=request.method,
                path=request.path,
                body=await request.text(),
                authorization=request.headers.get("authorization"),
                if_none_match=request.headers.get("if-none-match"),
            )
        )
        answers = self.answers[call]
        if not answers and request.path == TOKENS:
            self.tokens += 1
            return web.json_response({"token": f"t{self.tokens}"}, status=201)
        status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
        if status == SILENCE:
            await asyncio.sleep(1)
        if status == 304:
            return web.Response(status=304, headers=headers)
        if isinstance(body, bytes):
            return web.Response(body=body, status=status, headers=headers)
        return web.json_response(body, status=status or 200, headers=headers)
