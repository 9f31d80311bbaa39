"""A person at a browser without scripts: gets pages, sends forms, follows redirects."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape

import aiohttp
import pytest
from yarl import URL

from tests.forge.running import Forge


@dataclass(slots=True, kw_only=True)
class Person:
    forge: Forge
    session: aiohttp.ClientSession

    @property
    def home(self) -> str:
        return f"/{self.forge.repository.full_name}"

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(URL(self.forge.html_url + path, encoded=True)) as answer:
            return answer.status, await answer.text()

    async def see(self, path: str) -> str:
        """The text of a page without its tags."""
        status, page = await self.get(path)
        assert status == 200, page
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page)))

    async def send(
        self, path: str, /, *, origin: str | None = None, **form: str
    ) -> tuple[int, str]:
        """Send a form; the answer is the page that the browser lands on."""
        source = self.forge.html_url if origin is None else origin
        headers = {"Origin": source} if source else {}
        url = self.forge.html_url + path
        async with self.session.post(url, data=form, headers=headers) as answer:
            return answer.status, await answer.text()

    async def act_as(self, part: str) -> None:
        status, _ = await self.send("/_pages/act-as", user=part, back="/")
        assert status == 200


@pytest.fixture
async def person(forge: Forge) -> AsyncIterator[Person]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Person(forge=forge, session=session)
