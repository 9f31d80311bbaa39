"""Who calls: App JWTs, installation tokens with their scope and life, people's tokens."""

import base64
import secrets
from dataclasses import dataclass
from typing import Any

import jwt

from bot.forge.answers import Refusal, bad_credentials, forbidden, not_found
from bot.forge.numbers import whole
from bot.forge.records import App, Installation, Issue, Repository, Role, Token, User
from bot.forge.state import State

TOKEN_LIFE = 3600
JWT_LIFE = 600
ROUNDING = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A caller: a person, an installation (``token`` and ``installation``) or an App by JWT."""

    user: User | None = None
    token: Token | None = None
    installation: Installation | None = None
    app: App | None = None

    @property
    def jwt(self) -> bool:
        return self.app is not None and self.token is None

    @property
    def login(self) -> str:
        if self.user:
            return self.user.login
        return self.app.slug if self.app else "anonymous"

    @property
    def key(self) -> str:
        """Whose rate limit it uses."""
        if self.installation:
            return f"installation/{self.installation.id}"
        if self.user:
            return f"user/{self.user.id}"
        return f"app/{self.app.id}" if self.app else "anonymous"


def authenticate(state: State, header: str) -> Actor:
    """Find out who sent an Authorization header; raises Refusal 401."""
    scheme, _, value = header.partition(" ")
    if not header:
        return Actor()
    value = value.strip()
    if scheme.lower() == "basic":
        value = _password(value)
    elif scheme.lower() not in ("bearer", "token"):
        raise bad_credentials()
    if not value:
        raise bad_credentials()
    if value.count(".") == 2:
        return Actor(app=_app_of(state, value))
    return actor_of(state, value)


def _password(pair: str) -> str:
    """Take a token out of `LOGIN:TOKEN` or `TOKEN:`, as `curl -u` sends it."""
    try:
        login, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
    except ValueError:
        raise bad_credentials() from None
    return password or login


def actor_of(state: State, value: str) -> Actor:
    """Find whose token this is; raises Refusal 401 or 403."""
    token = state.tokens.get(value)
    now = state.clock()
    if token is None or now < token.usable_at:
        raise bad_credentials()
    if token.expires_at is not None and now >= token.expires_at:
        raise bad_credentials()
    installation = token.installation
    if installation is None:
        return Actor(user=token.user, token=token)
    if installation.deleted:
        raise bad_credentials()
    if installation.suspended_at:
        raise Refusal(403, "This installation has been suspended")
    return Actor(user=token.user, token=token, installation=installation, app=installation.app)


def _app_of(state: State, value: str) -> App:
    """Verify an App's JWT: RS256, at most ten minutes, not from the future."""
    app = state.apps.get(_issuer(value, state))
    if app is None:
        raise bad_credentials("Integration not found")
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    try:
        claims = jwt.decode(value, app.public_key, algorithms=["RS256"], options=options)
    except jwt.InvalidTokenError:
        raise bad_credentials("A JSON web token could not be decoded") from None
    try:
        _check_times(claims, state.clock())
    except Refusal:
        if not state.ahead:
            raise
        _check_times(claims, state.clock() - state.ahead)
    return app


def _issuer(value: str, state: State) -> int:
    try:
        claims = jwt.decode(value, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise bad_credentials("A JSON web token could not be decoded") from None
    issuer = str(claims.get("iss", ""))
    for app in state.apps.values():
        if issuer == app.client_id:
            return app.id
    number = whole(issuer)
    if number is None:
        raise bad_credentials("'Issuer' claim ('iss') must be an Integer")
    return number


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(expires, int | float) or expires < now:
        raise bad_credentials(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time "
            "at which the assertion expires"
        )
    if expires > now + JWT_LIFE + ROUNDING:
        raise bad_credentials("'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, int | float) or issued > now:
        raise bad_credentials(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion "
            "was issued"
        )


# --- installation tokens -------------------------------------------------------------------------


def create_token(state: State, installation: Installation, wanted: dict[str, Any]) -> Token:
    """Make a one-hour token, narrowed to what the caller asks for; raises Refusal 403 or 422."""
    if installation.suspended_at:
        raise Refusal(403, "This installation has been suspended")
    now = state.clock()
    token = Token(
        value=f"ghs_{secrets.token_hex(18)}",
        user=installation.app.bot,
        installation=installation,
        repository_ids=_scope(state, installation, wanted),
        permissions=_granted(installation, wanted.get("permissions")),
        usable_at=now + state.fresh_token_seconds,
        expires_at=now + TOKEN_LIFE,
    )
    return state.keep(token)


def _scope(
    state: State, installation: Installation, wanted: dict[str, Any]
) -> frozenset[int] | None:
    names, ids = wanted.get("repositories"), wanted.get("repository_ids")
    if names is None and ids is None:
        return None
    covered = {r.id: r for r in state.repositories.values() if installation.covers(r)}
    by_name = {r.name.lower(): r.id for r in covered.values()}
    chosen = set(ids or ()) | {by_name.get(str(name).lower(), 0) for name in names or ()}
    if not chosen or not chosen <= covered.keys():
        raise Refusal(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return frozenset(chosen)


def _granted(installation: Installation, wanted: dict[str, str] | None) -> dict[str, str]:
    if not wanted:  # clients send an empty object where none are named
        return dict(installation.permissions)
    levels = ["", "read", "write", "admin"]
    for name, level in wanted.items():
        given = installation.permissions.get(name, "read" if name == "metadata" else "")
        if levels.index(level) > levels.index(given):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
    return {"metadata": "read", **wanted}


# --- access --------------------------------------------------------------------------------------


def in_scope(actor: Actor, repository: Repository) -> bool:
    """Whether an installation token reaches a repository."""
    if actor.installation is None or actor.token is None:
        return False
    chosen = actor.token.repository_ids
    return actor.installation.covers(repository) and (chosen is None or repository.id in chosen)


def permission_of(actor: Actor, name: str) -> str | None:
    """The level an installation token has now: its own, unless the installation lost it."""
    if actor.token is None or actor.installation is None:
        return None
    if name == "metadata":
        return "read"
    own, granted = actor.token.permissions.get(name), actor.installation.permissions.get(name)
    if own is None or granted is None:
        return None
    return "read" if "read" in (own, granted) else own


def holds(actor: Actor, need: str) -> bool:
    """Whether an installation token has a permission such as `issues:write`."""
    name, _, level = need.partition(":")
    given = permission_of(actor, name)
    return given is not None and (level == "read" or given in ("write", "admin"))


def sees(state: State, actor: Actor, repository: Repository) -> bool:
    """Whether a repository exists for the caller at all."""
    if not repository.private:
        return True
    if actor.installation:
        return in_scope(actor, repository)
    return actor.user is not None and state.role(repository, actor.user) is not Role.NONE


def require_unlocked(state: State, actor: Actor, issue: Issue) -> None:
    """Refuse to add to a locked conversation: Apps too, whatever their permissions."""
    repository, who = issue.repository, actor.user
    writes = who is not None and state.role(repository, who).at_least(Role.WRITE)
    if issue.locked and (actor.installation or not writes):
        raise Refusal(403, "Unable to create comment because issue is locked.")


def require(
    state: State, actor: Actor, repository: Repository, needs: tuple[str, ...], role: Role
) -> None:
    """Refuse a caller without one of the permissions (an App) or the role (a person)."""
    if not sees(state, actor, repository):
        raise not_found()
    if actor.installation is None:
        _require_role(state, actor, repository, role)
    elif not in_scope(actor, repository):
        if any(need.endswith(":write") for need in needs):
            raise forbidden()
    elif not any(holds(actor, need) for need in needs):
        raise forbidden(*needs)


def _require_role(state: State, actor: Actor, repository: Repository, role: Role) -> None:
    if actor.jwt:
        raise forbidden()
    if actor.user is None:
        if role is not Role.READ:
            raise Refusal(401, "Requires authentication")
        return
    has = state.role(repository, actor.user)
    if has.at_least(role):
        return
    if role is not Role.ADMIN:
        raise Refusal(403, "Must have push access to repository.")
    if has.at_least(Role.WRITE):
        raise Refusal(403, "Must have admin rights to Repository.")
    raise not_found()  # GitHub hides administration from people who only read
