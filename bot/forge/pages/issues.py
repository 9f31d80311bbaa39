"""Pages of issues, and the forms on them; pull requests share them."""

import hashlib
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.forge.numbers import whole
from bot.forge.pages.markdown import tick
from bot.forge.pages.site import Route, Visit, back
from bot.forge.records import Comment, Issue, Reaction, Repository, TimelineEvent

CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


async def listing(visit: Visit) -> web.StreamResponse:
    """Issues or pull requests, the open ones unless closed ones are asked for."""
    repository = visit.repository()
    pulls = visit.request.path.endswith("/pulls")
    state = "closed" if visit.request.query.get("state") == "closed" else "open"
    found = [issue for issue in repository.issues.values() if bool(issue.pull) is pulls]
    return visit.render(
        "issues.html",
        repository=repository,
        pulls=pulls,
        shown=state,
        issues=[issue for issue in reversed(found) if issue.state == state],
        counts={s: sum(issue.state == s for issue in found) for s in ("open", "closed")},
    )


async def page(visit: Visit) -> web.StreamResponse:
    repository, number = visit.repository(), visit.number()
    issue = find(repository, number)
    if issue.pull:
        return back(path_of(issue))
    return visit.render("issue.html", repository=repository, issue=issue, **conversation(issue))


def find(repository: Repository, number: int) -> Issue:
    """The issue of a number; 410 and 404 as GitHub has them."""
    if issue := repository.issues.get(number):
        return issue
    moved = repository.gone.get(number)
    if moved:
        raise web.HTTPNotFound(text=f"It was transferred to {moved.repository.full_name}.")
    if number in repository.gone:
        raise web.HTTPGone(text="This issue was deleted.")
    raise web.HTTPNotFound(text=f"There is no #{number} in {repository.full_name}.")


def path_of(issue: Issue) -> str:
    kind = "pull" if issue.pull else "issues"
    return f"/{issue.repository.full_name}/{kind}/{issue.number}"


def conversation(issue: Issue) -> dict[str, Any]:
    """What the template of a conversation needs; the timeline has a kind with each item."""
    timeline: list[tuple[str, Comment | TimelineEvent]] = [
        *(("comment", comment) for comment in issue.comments),
        *(("event", event) for event in issue.events),
    ]
    timeline.sort(key=lambda item: (item[1].created_at, item[1].id))
    return {"timeline": timeline, "sums": sums, "digest": digest, "path": path_of(issue)}


def sums(reactions: list[Reaction]) -> list[tuple[str, int, str]]:
    """(content, how many, who) for each kind of reaction; words, as fonts may lack the signs."""
    found = []
    for content in CONTENTS:
        who = [r.user.login if r.user else "ghost" for r in reactions if r.content == content]
        if who:
            found.append((content, len(who), ", ".join(who)))
    return found


def digest(text: str | None) -> str:
    """What a form remembers of a text, so that a changed one is not overwritten."""
    return hashlib.sha256((text or "").encode()).hexdigest()[:16]


async def comment(visit: Visit) -> web.StreamResponse:
    issue = find(visit.repository(), visit.number())
    made = await visit.call("POST", f"{api(issue)}/comments", {"body": await visit.form("body")})
    return back(f"{path_of(issue)}#issuecomment-{made['id']}")


async def add_label(visit: Visit) -> web.StreamResponse:
    issue = find(visit.repository(), visit.number())
    name = (await visit.form("label")).strip()
    if not name:
        raise web.HTTPUnprocessableEntity(text="A label has a name.")
    await visit.call("POST", f"{api(issue)}/labels", {"labels": [name]})
    return back(path_of(issue))


async def remove_label(visit: Visit) -> web.StreamResponse:
    issue = find(visit.repository(), visit.number())
    name = quote(await visit.form("label"), safe="")
    await visit.call("DELETE", f"{api(issue)}/labels/{name}")
    return back(path_of(issue))


async def set_state(visit: Visit) -> web.StreamResponse:
    """Close or reopen."""
    issue = find(visit.repository(), visit.number())
    await visit.call("PATCH", api(issue), {"state": await visit.form("state")})
    return back(path_of(issue))


async def react(visit: Visit) -> web.StreamResponse:
    issue = find(visit.repository(), visit.number())
    await visit.call("POST", f"{api(issue)}/reactions", {"content": await visit.form("content")})
    return back(path_of(issue))


async def tick_body(visit: Visit) -> web.StreamResponse:
    """Turn over a box in the description."""
    issue = find(visit.repository(), visit.number())
    body = await _ticked(visit, issue.body or "")
    await visit.call("PATCH", api(issue), {"body": body})
    return back(path_of(issue))


async def tick_comment(visit: Visit) -> web.StreamResponse:
    """Turn over a box in a comment."""
    issue = find(visit.repository(), visit.number())
    wanted = int(visit.request.match_info["comment"])
    found = next((c for c in issue.comments if c.id == wanted), None)
    if found is None:
        raise web.HTTPNotFound(text="There is no such comment.")
    body = await _ticked(visit, found.body)
    own = f"/repos/{issue.repository.full_name}/issues/comments/{found.id}"
    await visit.call("PATCH", own, {"body": body})
    return back(f"{path_of(issue)}#issuecomment-{found.id}")


async def _ticked(visit: Visit, text: str) -> str:
    if await visit.form("was") != digest(text):
        raise web.HTTPConflict(text="The text was changed in the meantime. Look at it again.")
    line = whole(await visit.form("line"))
    changed = None if line is None else tick(text, line)
    if changed is None:
        raise web.HTTPUnprocessableEntity(text="There is no box on that line.")
    return changed


def api(issue: Issue) -> str:
    return f"/repos/{issue.repository.full_name}/issues/{issue.number}"


OF = "/{owner}/{name}"
ONE = OF + r"/{kind:issues|pull}/{number:\d{1,9}}"
ROUTES: tuple[Route, ...] = (
    ("GET", f"{OF}/issues", listing),
    ("GET", f"{OF}/pulls", listing),
    ("GET", OF + r"/issues/{number:\d{1,9}}", page),
    ("POST", f"{ONE}/comments", comment),
    ("POST", f"{ONE}/labels", add_label),
    ("POST", f"{ONE}/labels/remove", remove_label),
    ("POST", f"{ONE}/state", set_state),
    ("POST", f"{ONE}/reactions", react),
    ("POST", f"{ONE}/boxes", tick_body),
    ("POST", ONE + r"/comments/{comment:\d{1,18}}/boxes", tick_comment),
)
