"""Installation tokens: minted for one repository and a few permissions, kept only in memory."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any
from weakref import WeakValueDictionary

import jwt
from cachetools import TLRUCache

from bot.errors import CoppiceError, EffectRefused, OperatorError
from bot.github.answers import KeyRefused, Refusal
from bot.github.client import Client
from bot.github.clock import Clock
from bot.github.connection import Token
from bot.log import logger
from bot.telemetry import seen

Reread = Callable[[], str | None]
"""Reads the App's private key (PEM) anew, in a thread; None: there is nothing to read it from."""

Permissions = tuple[tuple[str, str], ...]
"""(permission, access) as GitHub calls them."""

REST: Permissions = (
    ("metadata", "read"),
    ("contents", "read"),
    ("issues", "write"),
    ("pull_requests", "write"),
    ("checks", "write"),
)
"""What handlers read and effects write; one set, so that the first answer costs one token.

Where not all of it is granted, tokens carry the rest: enough to say what is missing.
"""
METADATA: Permissions = (("metadata", "read"),)
FETCH: Permissions = (("metadata", "read"), ("contents", "read"))
CI: Permissions = (
    ("metadata", "read"),
    ("contents", "read"),
    ("checks", "read"),
    ("statuses", "read"),
    ("actions", "read"),
)
"""For what the repository's own CI says."""
_PARTED = (REST, CI)
"""Of these tokens carry what is granted, where that is not all."""
TEAMS: Permissions = (("metadata", "read"), ("members", "read"))
PUSH: Permissions = (("metadata", "read"), ("contents", "write"))
"""For git, and for deleting a branch; never `workflows`."""

RESOLVE: Permissions = (*((k, v) for k, v in REST if k != "contents"), ("contents", "write"))
"""GitHub lets an App resolve threads only where it may write contents."""

TOKEN_SECONDS = 50 * 60  # GitHub's last an hour
PARTIAL_SECONDS = 60
FRESH_SECONDS = 60.0
LAG_SECONDS = (3.0, 10.0, 30.0)  # octokit/auth-app#65: a new token may be unknown for seconds

_log = logger(__name__)

SKEW_SECONDS = 30.0
MOST_SKEW_SECONDS = 86400.0
"""Nothing is signed for a day that GitHub's own clock cannot be at."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is for; without a repository: all of the installation's."""

    installation_id: int
    repository_id: int | None
    permissions: Permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    value: str
    at: float
    partial: bool = False
    """It may less than was asked for: the installation grants no more."""


class Mint:
    """Makes tokens by asking GitHub as the App, one call at a time for each scope."""

    def __init__(self, as_app: Client, clock: Clock) -> None:
        self._as_app = as_app
        self._clock = clock
        self._kept: TLRUCache[Scope, Minted] = TLRUCache(4096, _until, clock.monotonic)
        self._turns: WeakValueDictionary[Scope, asyncio.Lock] = WeakValueDictionary()

    async def get(self, scope: Scope) -> Minted:
        """Give a token, at most 50 minutes old."""
        if (known := self._kept.get(scope)) is not None:
            return known
        turn = self._turns.setdefault(scope, asyncio.Lock())
        async with turn:
            minted = self._kept.get(scope)
            if minted is None:
                minted = await self._ask(scope)
                self._kept[scope] = minted
            return minted

    def fresh(self, minted: Minted) -> bool:
        """Tell whether GitHub may not know the token yet."""
        return self._clock.monotonic() - minted.at < FRESH_SECONDS

    def forget(self, scope: Scope, value: str) -> None:
        """Drop a token that GitHub no longer takes, unless a newer one is kept already."""
        kept = self._kept.get(scope)
        if kept is not None and kept.value == value:
            del self._kept[scope]

    async def _ask(self, scope: Scope) -> Minted:
        try:
            return await self._ask_for(scope, scope.permissions)
        except Refusal as error:
            granted = await self._granted(scope, error) if scope.permissions in _PARTED else ()
            if not granted:
                raise _not_given(error) from error
        try:
            return await self._ask_for(scope, granted)
        except Refusal as error:
            raise _not_given(error) from error

    async def _ask_for(self, scope: Scope, permissions: Permissions) -> Minted:
        wanted: dict[str, object] = {"permissions": dict(permissions)}
        if scope.repository_id is not None:
            wanted["repository_ids"] = [scope.repository_id]
        answer = await self._as_app.post(f"{_installation(scope)}/access_tokens", data=wanted)
        partial = permissions != scope.permissions
        return Minted(value=answer["token"], at=self._clock.monotonic(), partial=partial)

    async def _granted(self, scope: Scope, error: Refusal) -> Permissions:
        """Read what of the permissions is granted, where GitHub refused them for that."""
        if not error.says("permissions requested are not granted"):
            return ()
        granted = (await self._as_app.getitem(_installation(scope)))["permissions"]
        return tuple(
            (name, "read" if granted[name] == "read" else access)
            for name, access in scope.permissions
            if granted.get(name)
        )


class InstallationTokens:
    """The tokens of one scope, as a client asks for them."""

    lag: tuple[float, ...] = LAG_SECONDS

    def __init__(self, mint: Mint, scope: Scope) -> None:
        self._mint = mint
        self._scope = scope

    async def current(self) -> Token:
        minted = await self._mint.get(self._scope)
        fresh = self._mint.fresh(minted)
        return Token(value=minted.value, scheme="token", fresh=fresh, partial=minted.partial)

    async def renew(self, refused: Token, theirs: float | None) -> Token:
        self._mint.forget(self._scope, refused.value)
        return await self.current()


class AppTokens:
    """The App's own JWT, signed anew for each call."""

    lag: tuple[float, ...] = ()

    def __init__(self, app_id: int, private_key: str, clock: Clock, reread: Reread) -> None:
        self._app_id = app_id
        self._private_key = private_key
        self._clock = clock
        self._reread = reread
        self._ahead = 0.0
        """Seconds by which GitHub's clock is before ours, where JWTs were refused for that."""
        self._algorithm = jwt.get_algorithm_by_name("RS256")

    def sign(self) -> str:
        """Sign a JWT: issued a minute ago, because clocks differ; GitHub takes ten minutes."""
        now = int(self._clock.now() + self._ahead)
        claims = {"iat": now - 60, "exp": now + 9 * 60, "iss": str(self._app_id)}
        try:
            return jwt.encode(claims, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.InvalidKeyError) as error:
            raise OperatorError(f"COPPICE_PRIVATE_KEY is no RSA key in PEM: {error}") from error

    @cached_property
    def _key(self) -> Any:
        """Read the PEM once: checking an RSA key takes 80 ms."""
        return self._algorithm.prepare_key(self._private_key)

    async def current(self) -> Token:
        return Token(value=self.sign(), scheme="bearer", fresh=False)

    async def renew(self, refused: Token, theirs: float | None) -> Token:
        """Sign by GitHub's clock where ours is wrong, else with the key as it is by now.

        Raises KeyRefused where neither has changed.
        """
        if self._set(theirs):
            return await self.current()
        now = await asyncio.to_thread(self._reread)
        if now is None or now == self._private_key:
            refusal = KeyRefused()
            _log.error("%s", refusal)
            seen.key_refused()
            raise refusal
        _log.warning("GitHub refused the App's private key; its file holds another one by now")
        self._private_key = now
        self.__dict__.pop("_key", None)
        return await self.current()

    def _set(self, theirs: float | None) -> bool:
        """Go by GitHub's clock from now on, where that differs from what went before."""
        ahead = 0.0 if theirs is None else theirs - self._clock.now()
        changed = theirs is not None and abs(ahead - self._ahead) > SKEW_SECONDS
        if not changed or abs(ahead) > MOST_SKEW_SECONDS:
            return False
        _log.warning("this machine's clock is %+.0f s off GitHub's, which we go by: set it", -ahead)
        self._ahead = ahead
        return True


def _until(scope: Scope, minted: Minted, now: float) -> float:
    """Tell when a token is not used any more: one that may too little, soon; owners grant more."""
    return now + (PARTIAL_SECONDS if minted.partial else TOKEN_SECONDS)


def _installation(scope: Scope) -> str:
    return f"/app/installations/{scope.installation_id}"


def _not_given(error: Refusal) -> CoppiceError:
    if error.kind == "suspended":
        return error
    if error.status == HTTPStatus.NOT_FOUND:
        return EffectRefused("uninstalled", "The App is not installed here any more.")
    if error.says("at least one repository"):
        return EffectRefused("gone", "The repository is gone, or the App was taken off it.")
    reason = f"GitHub gives no token for this repository ({error.reason}); an owner can"
    return EffectRefused("no_access", f"{reason} accept the App's permissions.")
