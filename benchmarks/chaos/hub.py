"""The forge as one person, or as the App itself, sees it over HTTP."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import jwt

Json = Any
PAGE = 100


class Refused(Exception):
    """The forge said no; ``status`` tells how."""

    def __init__(self, status: int, call: str, text: str) -> None:
        super().__init__(f"{status} to {call}: {text[:300]}")
        self.status = status


@dataclass(slots=True)
class Hub:
    """GitHub's REST API with one person's token; what has not changed is not sent again."""

    session: aiohttp.ClientSession
    api_url: str
    token: str
    _kept: dict[str, tuple[str, Json]] = field(default_factory=dict)

    async def get(self, path: str) -> Json:
        tag, kept = self._kept.get(path, ("", None))
        status, headers, text = await self._call("GET", path, None, {"If-None-Match": tag})
        if status == 304:
            return kept
        found = json.loads(text)
        self._kept[path] = (headers.get("ETag", ""), found)
        return found

    async def all(self, path: str, key: str | None = None) -> list[Json]:
        """Read every page of a list; ``key``: where it lies in the answer."""
        items: list[Json] = []
        sign = "&" if "?" in path else "?"
        for page in range(1, 1000):
            answer = await self.get(f"{path}{sign}per_page={PAGE}&page={page}")
            found = answer[key] if key else answer
            items.extend(found)
            if len(found) < PAGE:
                break
        return items

    async def send(self, method: str, path: str, body: Json = None) -> Json:
        """Change something; raises Refused."""
        _, _, text = await self._call(method, path, body, {})
        return json.loads(text) if text else None

    async def _call(
        self, method: str, path: str, body: Json, headers: dict[str, str]
    ) -> tuple[int, Any, str]:
        headers = {"Authorization": f"token {self.token}", **headers}
        url = self.api_url + path
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise Refused(answer.status, f"{method} {path}", text)
            return answer.status, answer.headers, text


@dataclass(frozen=True, slots=True)
class Door:
    """The forge's control, and what only the App itself may ask for."""

    session: aiohttp.ClientSession
    ready: Json
    """The forge's ready line."""

    async def control(self, method: str, path: str, body: Json = None) -> Json:
        url = f"{self.ready['html_url']}/_forge/{path}"
        async with self.session.request(method, url, json=body) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise Refused(answer.status, f"{method} {path}", text)
            return json.loads(text) if text else None

    async def app(self, method: str, path: str, body: Json = None) -> Json:
        headers = {"Authorization": f"Bearer {self._jwt()}"}
        url = self.ready["api_url"] + path
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            if answer.status >= 400:
                raise Refused(answer.status, f"{method} {path}", await answer.text())
            return await answer.json()

    async def deliveries(self) -> list[Json]:
        """List every attempt to deliver something, newest first."""
        found: list[Json] = []
        url = f"{self.ready['api_url']}/app/hook/deliveries?per_page={PAGE}"
        while url:
            headers = {"Authorization": f"Bearer {self._jwt()}"}
            async with self.session.get(url, headers=headers) as answer:
                answer.raise_for_status()
                found.extend(await answer.json())
                url = str(answer.links["next"]["url"]) if "next" in answer.links else ""
        return found

    def _jwt(self) -> str:
        now = int(time.time())
        claims = {"iat": now - 60, "exp": now + 300, "iss": str(self.ready["app_id"])}
        key = Path(self.ready["private_key_file"]).read_text()
        return jwt.encode(claims, key, algorithm="RS256")
