"""One visit to a page: who looks, what they may, how an answer is made."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

import jinja2
from aiohttp import web

from bot.forge.answers import Refusal
from bot.forge.faults import Withheld
from bot.forge.forge import Forge
from bot.forge.pages.markdown import render_document, render_markdown, render_title
from bot.forge.records import Repository, Role, User
from bot.forge.state import State

COOKIE = "forge_acts_as"
FIRST = "maintainer"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
SPANS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(slots=True, kw_only=True)
class Visit:
    """A request, and the person in whose name it is made."""

    site: "Site"
    request: web.Request

    @property
    def forge(self) -> Forge:
        return self.site.forge

    @property
    def state(self) -> State:
        return self.site.forge.state

    @property
    def acts_as(self) -> str:
        """The part that was chosen: maintainer, triager, reader or stranger."""
        chosen = self.request.cookies.get(COOKIE, FIRST)
        return chosen if chosen in self.state.people else next(iter(self.state.people), FIRST)

    @property
    def viewer(self) -> User | None:
        return self.state.people.get(self.acts_as)

    def role(self, repository: Repository) -> Role:
        return self.state.role(repository, self.viewer) if self.viewer else Role.NONE

    def repository(self) -> Repository:
        """The repository of the path, by its present or a former name; 404 when hidden."""
        info = self.request.match_info
        name = f"{info['owner']}/{info['name']}"
        moved = self.state.repositories.get(self.state.moved.get(name.lower(), 0))
        found = self.state.repository(name) or moved
        if found is None or (found.private and self.role(found) is Role.NONE):
            raise web.HTTPNotFound(text="There is no such repository, or you may not see it.")
        return found

    def number(self) -> int:
        return int(self.request.match_info["number"])

    async def form(self, name: str) -> str:
        """A field of the form that was sent; empty when it has none of that name."""
        value = (await self.request.post()).get(name, "")
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the REST API as the viewer; raises the refusal as a page."""
        token = self.state.token_of(self.viewer) if self.viewer else ""
        try:
            answer = await self.forge.call(token, method, path, body)
        except Withheld:
            text = "A fault of the forge swallowed the answer."
            raise web.HTTPGatewayTimeout(text=text) from None
        if answer.status >= 400:
            raise refused(answer.status, str((answer.body or {}).get("message", "Refused.")))
        return answer.body

    async def ask(self, query: str, **variables: Any) -> Any:
        """Ask the GraphQL API as the viewer; raises its first error as a page."""
        token = self.state.token_of(self.viewer) if self.viewer else ""
        answer = await self.forge.ask(token, query, variables)
        errors = (answer.body or {}).get("errors")
        if answer.status >= 400 or errors:
            kinds = {"FORBIDDEN": 403, "NOT_FOUND": 404}
            first = errors[0] if errors else answer.body
            status = kinds.get(first.get("type", ""), max(answer.status, 422))
            raise refused(status, str(first.get("message", "Refused.")))
        return answer.body["data"]

    def render(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        page = self.site.environment.get_template(template)
        text = page.render(visit=self, state=self.state, acts_as=self.acts_as, **context)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]
Route = tuple[str, str, Handler]


class Site:
    def __init__(self, forge: Forge) -> None:
        self.forge = forge
        self.environment = jinja2.Environment(
            loader=jinja2.PackageLoader("bot.forge.pages", "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        self.environment.filters |= {
            "ago": self._ago,
            "document": render_document,
            "markdown": render_markdown,
            "named": render_title,
            "path": quote,
            "short": lambda sha: str(sha)[:7],
        }
        self.environment.globals["stylesheet"] = stylesheet_version()

    def page(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Wrap a handler: forms of other sites are refused, refusals become pages."""

        async def answer(request: web.Request) -> web.StreamResponse:
            visit = Visit(site=self, request=request)
            try:
                if request.method == "POST":
                    require_own_form(request)
                return await handler(visit)
            except Refusal as refusal:
                return self._refusal(visit, refusal.status, str(refusal))
            except web.HTTPError as error:
                return self._refusal(visit, error.status, error.text or error.reason)

        return answer

    def _refusal(self, visit: Visit, status: int, message: str) -> web.Response:
        return visit.render("refusal.html", status=status, code=status, message=message)

    def _ago(self, moment: str | None) -> str:
        """`3 minutes ago`, for a time as GitHub writes it."""
        if not moment:
            return ""
        seconds = int(self.forge.state.clock() - datetime.fromisoformat(moment).timestamp())
        if seconds > 30 * 86400:
            return f"on {moment[:10]}"
        for size, name in SPANS:
            if seconds >= size:
                many = seconds // size
                return f"{many} {name}{'' if many == 1 else 's'} ago"
        return "now"


def stylesheet_version() -> str:
    data = (files("bot.forge.pages") / "static" / "forge.css").read_bytes()
    return hashlib.sha256(data).hexdigest()[:8]


def refused(status: int, message: str) -> web.HTTPError:
    """The HTTP error of a status, with a text for people."""
    kinds: dict[int, type[web.HTTPError]] = {
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
        409: web.HTTPConflict,
        410: web.HTTPGone,
        422: web.HTTPUnprocessableEntity,
    }
    return kinds.get(status, web.HTTPBadRequest)(text=message)


def require_own_form(request: web.Request) -> None:
    """Refuse a POST that another site's page sent, a name that was rebound to us included."""
    source = request.headers.get("Origin") or request.headers.get("Referer", "")
    parts = urlsplit(source)
    same = parts.netloc == request.host and parts.hostname in LOOPBACK
    if not same or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise web.HTTPForbidden(text="This form was not sent by a page of this forge.")


def back(path: str) -> web.Response:
    """Send the browser on after a form; always to one of our own paths."""
    return web.Response(status=303, headers={"Location": path, **HEADERS})
