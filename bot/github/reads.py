"""What handlers and the engine ask of GitHub, as small typed answers.

Every read is a call of its own: ETags make an unchanged answer cheap, and nothing stale decides.
"""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.errors import UserError
from bot.github.answers import Refusal
from bot.github.client import Client
from bot.runs import Permission, Person, Record, RepositoryRef

NOT_THERE = (404, 410)


class RepositoryFacts(Record):
    full_name: str
    """As it is called now; a rename leaves the old name as a redirect."""
    default_branch: str
    archived: bool
    private: bool
    clone_url: str
    html_url: str


class IssueFacts(Record):
    number: int
    title: str
    body: str
    open: bool
    locked: bool
    is_pull_request: bool
    author: Person | None
    """None: a deleted account."""
    labels: tuple[str, ...]
    html_url: str
    updated_at: str


class CommentFacts(Record):
    id: int
    author: Person | None
    body: str
    association: str
    """It shows private members of an organisation as strangers: decide by ``permission``."""
    created_at: str
    updated_at: str
    html_url: str


class PullRequestFacts(Record):
    number: int
    open: bool
    merged: bool
    draft: bool
    head: str
    head_sha: str
    head_repository: str | None
    """Full name; None: the fork is gone."""
    same_repository: bool
    """False for a fork, also for one that is gone."""
    base: str
    base_sha: str
    author: Person | None
    html_url: str
    updated_at: str


async def permission(client: Client, repository: RepositoryRef, person: Person) -> Permission:
    """Ask what a person may do in the repository at this moment; never kept.

    GitHub is asked by name, and names change hands: an answer about another number is none.
    A custom role counts as the permission that it is built on.
    """
    login = quote(person.login, safe="")
    held = await _get(client, f"{_repo(repository)}/collaborators/{login}/permission")
    if held is None or (held.get("user") or {}).get("id") != person.id:
        return Permission.NONE
    role = held.get("role_name") or held["permission"]
    known = set(Permission)
    return Permission(role if role in known else held["permission"])


async def repository(client: Client, ref: RepositoryRef) -> RepositoryFacts | None:
    """Read the repository as it is now; None where it is gone or out of reach."""
    found = await _get(client, _repo(ref))
    if found is None:
        return None
    return RepositoryFacts(
        full_name=found["full_name"],
        default_branch=found["default_branch"],
        archived=found["archived"],
        private=found["private"],
        clone_url=found["clone_url"],
        html_url=found["html_url"],
    )


async def branch_head(client: Client, ref: RepositoryRef, branch: str) -> str | None:
    """Name the commit of a branch; None where there is none, as in an empty repository."""
    try:
        found = await _get(client, f"{_repo(ref)}/git/ref/heads/{quote(branch)}")
    except Refusal as refusal:
        if refusal.status == 409:  # "Git Repository is empty."
            return None
        raise
    return None if found is None else str(found["object"]["sha"])


async def file_text(client: Client, ref: RepositoryRef, path: str) -> str | None:
    """Read a file of the default branch as text; None where there is none.

    An unchanged file costs one conditional call. Raises UserError where it is no file, not UTF-8
    or larger than 1 MB: what is there and cannot be read is not the same as nothing.
    """
    found = await _get(client, f"{_repo(ref)}/contents/{quote(path)}")
    if found is None:
        return None
    if not isinstance(found, Mapping) or found.get("type") != "file":
        raise UserError(f"`{path}` is no file.")
    if found.get("encoding") != "base64":  # GitHub leaves out the content above 1 MB
        raise UserError(f"`{path}` is too large to be read.")
    try:
        return base64.b64decode(found["content"]).decode()
    except UnicodeDecodeError as error:
        raise UserError(f"`{path}` is not UTF-8 text.") from error


async def issue(client: Client, ref: RepositoryRef, number: int) -> IssueFacts | None:
    """Read an issue (or a pull request as one); None where it was deleted or transferred."""
    try:
        found = await _get(client, f"{_repo(ref)}/issues/{number}")
    except Refusal as refusal:
        if refusal.kind == "gone":  # transferred
            return None
        raise
    if found is None:
        return None
    return IssueFacts(
        number=found["number"],
        title=found["title"],
        body=found.get("body") or "",
        open=found["state"] == "open",
        locked=found["locked"],
        is_pull_request="pull_request" in found,
        author=_person(found),
        labels=tuple(label["name"] for label in found["labels"]),
        html_url=found["html_url"],
        updated_at=found["updated_at"],
    )


async def comments(client: Client, ref: RepositoryRef, number: int) -> list[CommentFacts]:
    """List the comments of an issue, oldest first."""
    path = f"{_repo(ref)}/issues/{number}/comments?per_page=100"
    return [
        CommentFacts(
            id=found["id"],
            author=_person(found),
            body=found.get("body") or "",
            association=found["author_association"],
            created_at=found["created_at"],
            updated_at=found["updated_at"],
            html_url=found["html_url"],
        )
        async for found in client.getiter(path)
    ]


async def pull_request(client: Client, ref: RepositoryRef, number: int) -> PullRequestFacts | None:
    """Read a pull request; None where there is none."""
    found = await _get(client, f"{_repo(ref)}/pulls/{number}")
    if found is None:
        return None
    head, base = found["head"], found["base"]
    return PullRequestFacts(
        number=found["number"],
        open=found["state"] == "open",
        merged=bool(found.get("merged")),
        draft=bool(found.get("draft")),
        head=head["ref"],
        head_sha=head["sha"],
        head_repository=(head.get("repo") or {}).get("full_name"),
        same_repository=(head.get("repo") or {}).get("id") == base["repo"]["id"],
        base=base["ref"],
        base_sha=base["sha"],
        author=_person(found),
        html_url=found["html_url"],
        updated_at=found["updated_at"],
    )


async def branch_protected(client: Client, ref: RepositoryRef, branch: str) -> bool | None:
    """Ask whether a rule protects a branch; None: there is no such branch."""
    found = await _get(client, f"{_repo(ref)}/branches/{quote(branch, safe='')}")
    return None if found is None else bool(found["protected"])


async def remarks_of(client: Client, ref: RepositoryRef, number: int, user_id: int) -> list[str]:
    """List what one user wrote in reviews of a pull request: whole reviews and at lines."""
    found: list[str] = []
    reviews, at_lines = f"/pulls/{number}/reviews", f"/pulls/{number}/comments"
    for path in (reviews, at_lines):
        async for item in client.getiter(f"{_repo(ref)}{path}?per_page=100"):
            if (item.get("user") or {}).get("id") == user_id:
                found.append(item.get("body") or "")
    return found


async def commit_author(client: Client, ref: RepositoryRef, sha: str) -> str | None:
    """Name who made a commit, for people to read; git's own words prove nothing."""
    found = await _get(client, f"{_repo(ref)}/commits/{sha}")
    if found is None:
        return None
    account = found.get("author") or {}
    name = account.get("login") or found["commit"]["author"]["name"]
    return str(name)


async def _get(client: Client, path: str) -> Any:
    try:
        return await client.getitem(path)
    except Refusal as refusal:
        if refusal.status in NOT_THERE:
            return None
        raise


def _repo(repository: RepositoryRef) -> str:
    return f"/repos/{repository.full_name}"


def _person(item: Mapping[str, Any]) -> Person | None:
    user = item.get("user")
    return Person(id=user["id"], login=user["login"]) if user else None
