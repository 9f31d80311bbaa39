"""Read a real issue and its repository: GET and `git fetch`, nothing else."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ValidationError

from bot.errors import GitError, OperatorError
from bot.settings import CLOUD
from bot.worktree import Mirrors

_PATH = re.compile(r"/([A-Za-z0-9-]+)/([A-Za-z0-9._-]+)/issues/([1-9]\d{0,8})/?", re.ASCII)
_DOTS = (".", "..")
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=15)
MOST_COMMENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueUrl:
    api: str
    repository: str
    number: int


class _Repository(BaseModel):
    id: int
    default_branch: str
    clone_url: str


class _User(BaseModel):
    login: str


class _Issue(BaseModel):
    title: str
    body: str | None = None
    pull_request: dict[str, Any] | None = None


class Remark(BaseModel):
    """A comment on the issue."""

    body: str | None = None
    user: _User | None = None
    author_association: str = "NONE"

    @property
    def by_team(self) -> bool:
        """Who wrote it belongs to the repository; here that decides only whose words are read."""
        return self.author_association in ("OWNER", "MEMBER", "COLLABORATOR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An issue as it is now, and a bare copy of its repository."""

    title: str
    body: str
    remarks: tuple[Remark, ...]
    branch: str
    copy: Path


def parse(url: str, api: str | None) -> IssueUrl:
    """Read the address of an issue's page; raises OperatorError that says how one looks."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _no_issue("it") from None
    found = _PATH.fullmatch(parts.path)
    if "@" in parts.netloc:  # it may be a password: not to be said again
        raise _no_issue("an address with a name or password in it")
    if parts.scheme not in ("http", "https") or not host or found is None or found[2] in _DOTS:
        raise _no_issue(url)
    known = f"{parts.scheme}://{parts.netloc.lower()}/api/v3"
    if f".{host}".endswith(CLOUD) and port is None:
        known = f"https://api.{host.removeprefix('www.')}"
    return IssueUrl(
        api=(api or known).rstrip("/"), repository=f"{found[1]}/{found[2]}", number=int(found[3])
    )


def _no_issue(what: str) -> OperatorError:
    said = f"{what} is no issue: write https://github.com/OWNER/NAME/issues/7"
    return OperatorError(said)


async def fetch(
    session: aiohttp.ClientSession, url: IssueUrl, token: str | None, folder: Path
) -> Found:
    """Read issue, comments and default branch; raises OperatorError where they cannot be read."""
    where = f"{url.api}/repos/{url.repository}"
    try:
        repository = _Repository.model_validate(await _get(session, where, token))
        issue = _Issue.model_validate(await _get(session, f"{where}/issues/{url.number}", token))
        listed = f"{where}/issues/{url.number}/comments?per_page={MOST_COMMENTS}"
        remarks = [Remark.model_validate(row) for row in await _get(session, listed, token)]
    except ValidationError as error:
        raise OperatorError(f"{where} answers something else than GitHub does") from error
    if issue.pull_request is not None:
        raise OperatorError(f"{url.repository}#{url.number} is a pull request, not an issue")
    return Found(
        title=issue.title,
        body=issue.body or "",
        remarks=tuple(remarks),
        branch=repository.default_branch,
        copy=await _copy(repository, url.repository, token, folder),
    )


async def _copy(repository: _Repository, name: str, token: str | None, folder: Path) -> Path:
    mirrors, ref = Mirrors(folder), f"refs/heads/{repository.default_branch}"
    try:
        shas = await mirrors.fetch(repository.id, repository.clone_url, token, (ref,))
        mirror = await mirrors.keep_branch(repository.id, repository.default_branch, shas[ref])
    except GitError as error:
        raise OperatorError(f"{repository.clone_url} cannot be cloned: {error}") from error
    # The forge names its repository by the directory.
    return mirror.rename(folder / f"{name.partition('/')[2].removesuffix('.git')}.git")


async def _get(session: aiohttp.ClientSession, url: str, token: str | None) -> Any:
    headers = {"Accept": "application/vnd.github+json", "User-Agent": "coppice"}
    if token:
        headers["Authorization"] = f"token {token}"
    try:
        async with session.get(url, headers=headers, timeout=TIMEOUT) as answer:
            if answer.status == HTTPStatus.OK:
                return await answer.json()
            status, said = answer.status, (await answer.text())[:200]
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise OperatorError(f"{url} cannot be read: {error}") from error
    hint = ""
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        hint = " A private repository, or a limit: give a token with --token-file."
    raise OperatorError(f"{url} answers {status}: {said}.{hint}")
