"""Pages of a repository: its files, commits and branches; and who one acts as."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import PurePosixPath

from aiohttp import web

from bot.forge.git import (
    Entry,
    ObjectMissing,
    branches,
    compare,
    diff_files,
    log,
    patch_text,
    read_commit,
    read_path,
)
from bot.forge.numbers import whole
from bot.forge.pages.diff import show
from bot.forge.pages.site import COOKIE, HEADERS, Route, Visit, back
from bot.forge.records import Repository, Role

COMMITS = 30
SHOWN_LIMIT = 512 * 1024
READMES = ("readme.md", "readme", "readme.txt")


async def index(visit: Visit) -> web.StreamResponse:
    """All repositories that the viewer may see."""
    known = visit.state.repositories.values()
    found = [r for r in known if visit.role(r) is not Role.NONE]
    return visit.render("index.html", repositories=found)


async def home(visit: Visit) -> web.StreamResponse:
    repository = visit.repository()
    heads = await branches(repository.path)
    if repository.default_branch not in heads:
        return visit.render("empty.html", repository=repository)
    commits = await log(repository.path, repository.default_branch, limit=5)
    return visit.render(
        "repository.html",
        repository=repository,
        revision=repository.default_branch,
        entry=await read_path(repository.path, repository.default_branch, ""),
        readme=await _readme(repository),
        heads=heads,
        commits=commits,
    )


async def _readme(repository: Repository) -> Entry | None:
    root = await read_path(repository.path, repository.default_branch, "")
    for entry in root.entries:
        if entry.path.lower() in READMES and entry.type == "blob":
            return await read_path(repository.path, repository.default_branch, entry.path)
    return None


async def tree(visit: Visit) -> web.StreamResponse:
    """A directory or file; the revision is the longest branch name that fits, else one part."""
    repository = visit.repository()
    heads = await branches(repository.path)
    revision, path = _split(visit.request.match_info["rest"], heads)
    entry = await _find(repository, revision, path)
    parents = [str(p) for p in PurePosixPath(path).parents if str(p) != "."][::-1]
    return visit.render(
        "entry.html",
        repository=repository,
        revision=revision,
        entry=entry,
        parents=parents,
        text=_text(entry),
    )


async def raw(visit: Visit) -> web.StreamResponse:
    """The bytes of a file, never as a page of ours."""
    repository = visit.repository()
    heads = await branches(repository.path)
    revision, path = _split(visit.request.match_info["rest"], heads)
    entry = await _find(repository, revision, path)
    kind = "application/octet-stream" if _text(entry) is None else "text/plain"
    headers = {**HEADERS, "Content-Type": f"{kind}; charset=utf-8"}
    return web.Response(body=entry.data, headers=headers)


async def _find(repository: Repository, revision: str, path: str) -> Entry:
    try:
        return await read_path(repository.path, revision, path)
    except ObjectMissing:
        raise web.HTTPNotFound(text=f"{revision} has no {path or 'files'}.") from None


def _split(rest: str, heads: Mapping[str, str]) -> tuple[str, str]:
    fitting = [head for head in heads if f"{rest}/".startswith(f"{head}/")]
    revision = max(fitting, key=len, default=rest.split("/", 1)[0])
    return revision, rest[len(revision) :].strip("/")


def _text(entry: Entry) -> str | None:
    """The text of a file; None when it is binary or too long to show."""
    if entry.type != "blob" or b"\0" in entry.data[:8000] or len(entry.data) > SHOWN_LIMIT:
        return None
    return entry.data.decode(errors="replace")


async def commits(visit: Visit) -> web.StreamResponse:
    repository = visit.repository()
    revision = visit.request.match_info.get("rest") or repository.default_branch
    page = whole(visit.request.query.get("page", "")) or 1
    skip = (page - 1) * COMMITS
    try:
        found = await log(repository.path, revision, limit=COMMITS + 1, skip=skip)
    except ObjectMissing:
        raise web.HTTPNotFound(text=f"There is no branch or commit {revision}.") from None
    return visit.render(
        "commits.html",
        repository=repository,
        revision=revision,
        commits=found[:COMMITS],
        page=skip // COMMITS + 1,
        more=len(found) > COMMITS,
    )


async def commit(visit: Visit) -> web.StreamResponse:
    repository = visit.repository()
    try:
        found = await read_commit(repository.path, visit.request.match_info["sha"])
    except ObjectMissing:
        raise web.HTTPNotFound(text="There is no such commit.") from None
    changes = await diff_files(repository.path, next(iter(found.parents), None), found.sha)
    return visit.render(
        "commit.html",
        repository=repository,
        commit=found,
        files=[show(change) for change in changes],
        runs=[run for run in repository.check_runs if run.head_sha == found.sha],
    )


async def patch(visit: Visit) -> web.StreamResponse:
    """What one commit has that another lacks, as mails."""
    repository, found = visit.repository(), visit.request.match_info
    try:
        await compare(repository.path, found["base"], found["head"])
    except ObjectMissing:
        raise web.HTTPNotFound(text="There is nothing to compare.") from None
    body = await patch_text(repository.path, found["base"], found["head"])
    return web.Response(text=body, content_type="text/plain", headers=HEADERS)


async def stylesheet(visit: Visit) -> web.StreamResponse:
    data = (files("bot.forge.pages") / "static" / "forge.css").read_bytes()
    headers = {"Cache-Control": "max-age=31536000", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=data, content_type="text/css", headers=headers)


async def act_as(visit: Visit) -> web.StreamResponse:
    """Choose the person in whose name forms are sent from now on."""
    chosen = await visit.form("user")
    if chosen not in visit.state.people:
        raise web.HTTPNotFound(text="There is nobody of that name.")
    target = await visit.form("back")
    own = target.startswith("/") and not target.startswith(("//", "/\\"))
    response = back(target if own else "/")
    response.set_cookie(COOKIE, chosen, httponly=True, samesite="Strict")
    return response


OF = "/{owner}/{name}"
ROUTES: tuple[Route, ...] = (
    ("GET", "/", index),
    ("GET", "/_pages/forge.css", stylesheet),
    ("POST", "/_pages/act-as", act_as),
    ("GET", OF, home),
    ("GET", f"{OF}/tree/{{rest:.+}}", tree),
    ("GET", f"{OF}/blob/{{rest:.+}}", tree),
    ("GET", f"{OF}/raw/{{rest:.+}}", raw),
    ("GET", f"{OF}/commits", commits),
    ("GET", f"{OF}/commits/{{rest:.+}}", commits),
    ("GET", f"{OF}/commit/{{sha:[0-9a-f]{{4,40}}}}", commit),
    ("GET", f"{OF}/compare/{{base:[0-9a-f]{{40}}}}...{{head:[0-9a-f]{{40}}}}.patch", patch),
)
