"""Answers of the REST API and GitHub's refusals, word for word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
DOCS = "https://docs.github.com/rest"


@dataclass(slots=True, kw_only=True)
class Answer:
    """What an operation answers; ``body`` None: nothing at all, ``text``: not JSON."""

    status: int = 200
    body: Json = None
    text: str | None = None
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """GitHub says no; ``status`` and ``body`` are what it says."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Json] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Json,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Json] = {"message": message}
        if errors is not None:
            self.body["errors"] = errors
        self.body |= {"documentation_url": DOCS, "status": str(status), **more}


def ok(body: Json) -> Answer:
    return Answer(body=body)


def created(body: Json) -> Answer:
    return Answer(status=201, body=body)


def nothing() -> Answer:
    return Answer(status=204)


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def forbidden(*needs: str) -> Refusal:
    """The App or the token was not given the permission: one of `needs`, such as `issues:write`."""
    listed = "; ".join(need.replace(":", "=") for need in needs)
    headers = {"x-accepted-github-permissions": listed} if listed else {}
    return Refusal(403, "Resource not accessible by integration", headers=headers)


def bad_credentials(message: str = "Bad credentials") -> Refusal:
    return Refusal(401, message)


def invalid(resource: str, code: str, field: str | None = None, message: str = "") -> Refusal:
    """Refuse with 422 and one error object."""
    error: dict[str, Json] = {"resource": resource, "code": code}
    if field:
        error["field"] = field
    if message:
        error["message"] = message
    return Refusal(422, "Validation Failed", errors=[error])


def unprocessable(*messages: str) -> Refusal:
    """Refuse with 422 and plain texts, as the review API does."""
    return Refusal(422, "Unprocessable Entity", errors=list(messages))
