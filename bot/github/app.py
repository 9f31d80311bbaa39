"""Be the GitHub App: hand out clients for installations, tokens for git, and say who we are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from cachetools import LRUCache

from bot.errors import GitError, OperatorError
from bot.github.answers import KeyRefused, Refusal
from bot.github.client import Client
from bot.github.clock import Clock
from bot.github.connection import TIMEOUT, Connection, Fence, Pause
from bot.github.git_words import unknown_token
from bot.github.kept import Kept
from bot.github.tokens import (
    LAG_SECONDS,
    METADATA,
    REST,
    AppTokens,
    InstallationTokens,
    Mint,
    Permissions,
    Reread,
    Scope,
)

T = TypeVar("T")
MAIL_HOST = "users.noreply.github.com"
OWN_BYTES = 2**20
"""Of answers to the App itself, apart from others: no page of deliveries is read twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The App as its operator registered it."""

    app_id: int
    private_key: str
    """PEM."""
    api_url: str
    """REST: `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise Server."""
    timeout: aiohttp.ClientTimeout = TIMEOUT
    reread: Reread = lambda: None
    """Reads the private key anew when GitHub refuses it."""
    mail_host: str = MAIL_HOST
    """Of the addresses that GitHub gives to its accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who Coppice is on GitHub: objects are ours by these ids, never by a name."""

    app_id: int
    slug: str
    user_id: int
    """Of the bot user that comments and opens pull requests."""
    mail_host: str = MAIL_HOST

    @property
    def login(self) -> str:
        return f"{self.slug}[bot]"

    @property
    def email(self) -> str:
        """The address by which GitHub shows the App as the author of a commit."""
        return f"{self.user_id}+{self.login}@{self.mail_host}"


class App:
    """The App and everything it holds open; one for the process."""

    def __init__(
        self,
        registration: Registration,
        session: aiohttp.ClientSession,
        clock: Clock | None = None,
        fence: Fence | None = None,
    ) -> None:
        self._clock = clock or Clock()
        self._mail_host = registration.mail_host
        self._connection = Connection(
            session=session,
            base_url=registration.api_url.rstrip("/"),
            clock=self._clock,
            timeout=registration.timeout,
            fence=fence,
        )
        self._signer = AppTokens(
            registration.app_id, registration.private_key, self._clock, registration.reread
        )
        self._clients: LRUCache[Scope, Client] = LRUCache(256)
        self._pauses: LRUCache[int, Pause] = LRUCache(1024)
        self._kept = Kept()
        self._me: Me | None = None
        own = Kept(OWN_BYTES).of((0, None))
        self.as_app = Client(self._connection, self._signer, Pause(self._clock), answers=own)
        """Calls as the App itself (`/app/…`)."""
        self._mint = Mint(self.as_app, self._clock)

    def jwt(self) -> str:
        """Sign a JWT of the App, good for nine minutes; OperatorError where the key is none."""
        return self._signer.sign()

    async def client(
        self,
        installation_id: int,
        repository_id: int,
        permissions: Permissions = REST,
    ) -> Client:
        """Give the client of an installation, confined to one repository and what is needed there.

        Its first call raises EffectRefused ``suspended``, ``uninstalled`` or ``no_access`` where
        GitHub gives no token.
        """
        return self._client(Scope(installation_id, repository_id, permissions))

    def of_installation(self, installation_id: int) -> Client:
        """Give a client that may list an installation's repositories, and read nothing in them."""
        return self._client(Scope(installation_id, None, METADATA))

    def _client(self, scope: Scope) -> Client:
        client = self._clients.get(scope)
        if client is None:
            pause = self._pauses.setdefault(scope.installation_id, Pause(self._clock))
            tokens = InstallationTokens(self._mint, scope)
            # A token that may not read something gets no 304 for it: all may share what is known.
            answers = self._kept.of((scope.installation_id, scope.repository_id))
            client = Client(
                self._connection,
                tokens,
                pause,
                repository_id=scope.repository_id,
                answers=answers,
            )
            self._clients[scope] = client
        return client

    async def with_git(self, scope: Scope, call: Callable[[str], Awaitable[T]]) -> T:
        """Do ``call`` with a token for git; wait for a new one to be known, renew an old one.

        All that git hears of a token seconds old, or expired, is "not found" (akuity/kargo#6630).
        """
        minted, renewed = await self._mint.get(scope), False
        for seconds in LAG_SECONDS:
            try:
                return await call(minted.value)
            except GitError as error:
                if not unknown_token(error):
                    raise
            wait = self._mint.fresh(minted)
            if not renewed:  # it may be revoked; a new one tells
                self._mint.forget(scope, minted.value)
                minted, renewed = await self._mint.get(scope), True
            if wait:
                await self._clock.sleep(seconds)
        return await call(minted.value)

    async def me(self, reader: Client | None = None) -> Me:
        """Tell who the App is on GitHub; asked once.

        ``reader`` is any installation's client, found where none is given. Raises OperatorError
        where the App's id and key do not fit.
        """
        if self._me is None:
            app = await self._about_the_app()
            login = quote(f"{app['slug']}[bot]")
            reader = reader or await self._reader()
            user = await reader.getitem(f"/users/{login}")
            self._me = Me(
                app_id=app["id"],
                slug=app["slug"],
                user_id=user["id"],
                mail_host=self._mail_host,
            )
        return self._me

    async def _reader(self) -> Client:
        """Give a client that may read users: a GitHub Enterprise Server shows strangers nothing."""
        installations = await self.as_app.getitem("/app/installations?per_page=100")
        for installation in installations:
            if not installation.get("suspended_at"):
                return self.of_installation(installation["id"])
        return Client(self._connection, None, Pause(self._clock))

    async def _about_the_app(self) -> Any:
        try:
            return await self.as_app.getitem("/app")
        except Refusal as error:
            raise OperatorError(
                f"COPPICE_APP_ID and COPPICE_PRIVATE_KEY do not fit: {error.reason}."
                " `coppice doctor` looks at them, and at COPPICE_GITHUB_URL."
            ) from error
        except KeyRefused as error:
            raise OperatorError(str(error)) from error
