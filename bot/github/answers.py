"""What an answer of GitHub other than success means, named as what it is.

- ``RateLimited``: a limit, whatever status it came with; never "missing permission".
- ``Unanswered``: no answer, or GitHub's own failure; a write may have happened all the same.
- ``Refusal``: GitHub will not; ``status`` and ``errors`` are its own.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from gidgethub import HTTPException

from bot.errors import CoppiceError, EffectDelayed, EffectRefused

SECONDARY_SECONDS = 60.0  # GitHub: wait at least a minute where it names no time
UNANSWERED_SECONDS = 10.0
KEY_SECONDS = 30.0  # between two looks whether the key was replaced

SUSPENDED = "installation has been suspended"
NO_PERMISSION = "not accessible by integration"

_NEXT_STEPS = (
    (SUSPENDED, "suspended", "The App is suspended here; an owner can lift that."),
    ("archived", "archived", "The repository is archived and cannot be written to."),
    ("locked", "locked", "The conversation is locked; unlock it and try again."),
    (NO_PERMISSION, "no_access", "An owner can grant it in the App's installation"),
)
_PERMISSION = re.compile(r"([a-z_]{1,40})=(read|write|admin)")


_GRAPHQL = {
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "INSUFFICIENT_SCOPES": HTTPStatus.FORBIDDEN,
}
"""The types of GraphQL's errors as REST would have it; all others are 422."""


class RateLimited(EffectDelayed):
    """GitHub asks everybody who uses this installation to wait."""


class KeyRefused(EffectDelayed):
    """GitHub does not take what the App's private key signs."""

    def __init__(self) -> None:
        super().__init__(
            "GitHub does not accept the App's signature; check COPPICE_APP_ID, COPPICE_PRIVATE_KEY"
            " and this machine's clock (`coppice doctor`). A key file that is replaced is read"
            " again, without a restart",
            KEY_SECONDS,
        )


class Unanswered(EffectDelayed):
    """Nobody knows whether the call was carried out; look before doing it again."""


class Refusal(EffectRefused):
    """An answer 4xx that is no limit."""

    def __init__(
        self, kind: str, reason: str, *, status: int, errors: tuple[str, ...] = ()
    ) -> None:
        super().__init__(kind, reason)
        self.status = status
        self.errors = errors

    def says(self, words: str) -> bool:
        """Tell whether GitHub's words contain these, in whatever case."""
        return words.lower() in " ".join((self.reason, *self.errors)).lower()


def problem(error: HTTPException, call: str, now: float) -> CoppiceError:
    """Name what an error answer means; ``call`` is method and path, ``now`` the Unix time."""
    status = int(error.status_code)
    message = str(error)
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
        limited = _rate_limit(status, message, error.headers, now)
        if limited:
            return limited
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unanswered(f"GitHub answered {status} to {call}", UNANSWERED_SECONDS)
    if status == HTTPStatus.UNAUTHORIZED:
        return EffectDelayed(f"GitHub does not accept the App's token: {message}", 60)
    accepted = error.headers.get("x-accepted-github-permissions", "")
    return _refusal(status, message, _errors(getattr(error, "errors", None)), call, accepted)


def graphql_refusal(errors: Sequence[Mapping[str, Any]]) -> CoppiceError:
    """Name what GraphQL refused; its answers have status 200 whatever happened."""
    first, texts = errors[0], tuple(str(error.get("message")) for error in errors)
    kind = first.get("type")
    if kind == "RATE_LIMITED":
        return RateLimited("GitHub's GraphQL rate limit", SECONDARY_SECONDS)
    status = _GRAPHQL.get(str(kind), HTTPStatus.UNPROCESSABLE_ENTITY)
    return _refusal(status, texts[0], texts, "GraphQL")


def _rate_limit(
    status: int, message: str, headers: Mapping[str, str], now: float
) -> RateLimited | None:
    if retry_after := headers.get("retry-after", ""):
        seconds = float(retry_after) if retry_after.isdigit() else SECONDARY_SECONDS
        return RateLimited(f"GitHub's secondary rate limit: wait {seconds:.0f} s", seconds)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = float(headers.get("x-ratelimit-reset", now + SECONDARY_SECONDS))
        until = datetime.fromtimestamp(reset, UTC).strftime("%H:%M UTC")
        return RateLimited(f"GitHub's rate limit is used up until {until}", max(1.0, reset - now))
    if status == HTTPStatus.TOO_MANY_REQUESTS or re.search("secondary rate|abuse", message, re.I):
        return RateLimited("GitHub's secondary rate limit", SECONDARY_SECONDS)
    return None


def _refusal(
    status: int, message: str, errors: tuple[str, ...], call: str, accepted: str = ""
) -> Refusal:
    for words, kind, advice in _NEXT_STEPS:
        if status == HTTPStatus.FORBIDDEN and re.search(rf"\b{words}", message, re.I):
            said = f"{advice} (GitHub: {message})"
            if words == NO_PERMISSION:
                said = f"The App lacks {_lacking(accepted)} for this. {said}."
            return Refusal(kind, said, status=status, errors=errors)
    kinds = {
        HTTPStatus.FORBIDDEN: "no_access",
        HTTPStatus.NOT_FOUND: "gone",
        HTTPStatus.GONE: "gone",
    }
    kind = kinds.get(HTTPStatus(status), "invalid")
    return Refusal(
        kind, f"GitHub answered {status} to {call}: {message}", status=status, errors=errors
    )


def _lacking(accepted: str) -> str:
    """Name the permissions that GitHub's header lists: sets by `;`, those of a set by `,`.

    What a read needs says nothing of the level that the App asks for.
    """
    listed = (_PERMISSION.findall(each) for each in accepted.split(";"))
    sets = (
        " and ".join(f"`{each.removesuffix(': read')}`" for each in map(": ".join, found))
        for found in listed
    )
    named = " or ".join(each for each in sets if each)
    return f"the permission {named}" if named else "a permission"


def _errors(errors: Any) -> tuple[str, ...]:
    """Flatten GitHub's errors: objects with `message`, or `field` and `code`, or bare strings."""
    if isinstance(errors, str):
        return (errors,)
    texts = []
    for error in errors or ():
        if isinstance(error, Mapping):
            texts.append(str(error.get("message") or f"{error.get('field')} {error.get('code')}"))
        else:
            texts.append(str(error))
    return tuple(texts)
