"""The forge as the demo uses it: GitHub's REST API as a person, and its own list of writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.errors import OperatorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One call that changed something on the forge."""

    n: int
    at: float
    actor: str
    method: str
    path: str
    status: int
    digest: str = ""


class Hub:
    """A person's view of the forge."""

    def __init__(self, session: aiohttp.ClientSession, ready: Mapping[str, Any]) -> None:
        self._session = session
        self._api = str(ready["api_url"])
        self._html = str(ready["html_url"])
        self._token = str(ready["users"]["maintainer"]["token"])
        self.maintainer = str(ready["users"]["maintainer"]["login"])
        self.repository = str(ready["repository"])

    async def call(
        self, method: str, path: str, data: object = None, *, authorization: str | None = None
    ) -> Any:
        """Call REST as the maintainer, or with another authorization; raise what it refuses."""
        headers = {
            "Authorization": authorization or f"token {self._token}",
            "Accept": "application/vnd.github+json",
        }
        async with self._session.request(
            method, self._api + path, json=data, headers=headers
        ) as response:
            if response.status >= 400:
                said = (await response.text())[:500]
                raise OperatorError(
                    f"the forge answers {response.status} to {method} {path}: {said}", exit_code=1
                )
            return await response.json() if response.content_type.endswith("json") else None

    async def of_repository(self, path: str) -> Any:
        return await self.call("GET", f"/repos/{self.repository}{path}")

    async def open_issue(self, title: str, body: str) -> int:
        made = await self.call(
            "POST", f"/repos/{self.repository}/issues", {"title": title, "body": body}
        )
        return int(made["number"])

    async def label(self, issue: int, name: str) -> None:
        await self.call(
            "POST", f"/repos/{self.repository}/issues/{issue}/labels", {"labels": [name]}
        )

    async def control(self, path: str, data: object) -> None:
        """Have the forge play what no call of GitHub's API does."""
        async with self._session.post(f"{self._html}/_forge{path}", json=data) as response:
            if not response.ok:
                said = (await response.text())[:500]
                raise OperatorError(f"the forge does not play {path}: {said}", exit_code=1)

    async def writes(self) -> list[Write]:
        """List every change so far, pushes included."""
        async with self._session.get(f"{self._html}/_forge/writes") as response:
            response.raise_for_status()
            return [Write(**row) for row in await response.json()]
