"""Issues: list, open, read, change, timeline."""

from collections.abc import Mapping

from bot.forge import tell
from bot.forge.answers import Answer, Refusal, created, nothing, ok
from bot.forge.records import Issue, Json, Label, Role
from bot.forge.references import note_mentions
from bot.forge.rest.call import Call, Routes, check_length, check_title
from bot.forge.rest.labels import find_or_create
from bot.forge.shapes import issues

routes = Routes()


@routes.repository("GET /issues", needs="issues:read")
async def list_issues(call: Call) -> Answer:
    """Pull requests are listed too, as with GitHub."""
    state = call.query.get("state", "open")
    labels = {name for name in call.query.get("labels", "").lower().split(",") if name}
    creator = call.query.get("creator")
    since = call.query.get("since", "")
    found = [
        issue
        for issue in call.repository.issues.values()
        if state in ("all", issue.state)
        and labels <= {label.name.lower() for label in issue.labels}
        and (creator is None or (issue.user is not None and issue.user.login == creator))
        and issue.updated_at >= since
    ]
    return call.page(ordered(found, call.query), lambda issue: issues.issue(call.state, issue))


def ordered(found: list[Issue], query: Mapping[str, str]) -> list[Issue]:
    """Sort as `sort` and `direction` ask; newest first by default."""
    sort = query.get("sort", "created")
    descending = query.get("direction", "desc") != "asc"
    return sorted(found, key=lambda i: (_sort_key(i, sort), i.number), reverse=descending)


def _sort_key(issue: Issue, sort: str) -> str | int:
    if sort == "comments":
        return len(issue.comments)
    return issue.updated_at if sort == "updated" else issue.created_at


@routes.repository("POST /issues", needs="issues:write")
async def create_issue(call: Call) -> Answer:
    title, body = str(call.body["title"]), call.body.get("body")
    check_title("Issue", title)
    check_length("Issue", body)
    issue = call.state.add_issue(call.repository, call.user, title, body, app=call.app)
    await tell.issue_changed(call.forge, call.actor, "opened", issue)
    note_mentions(call.forge, call.actor, issue, body)
    if call.may(Role.TRIAGE, "issues:write"):  # GitHub drops them silently otherwise
        wanted = await _labels(call, call.body.get("labels") or [])
        await tell.labels_changed(call.forge, call.actor, issue, [], wanted)
    return created(issues.detailed(call.state, issue))


@routes.repository("GET /issues/{issue_number}", needs="issues:read pull_requests:read")
async def get_issue(call: Call) -> Answer:
    return ok(issues.detailed(call.state, call.issue()))


@routes.repository("PATCH /issues/{issue_number}", needs="issues:write pull_requests:write")
async def update_issue(call: Call) -> Answer:
    issue, body = call.issue(), call.body
    check_author(call, issue)
    check_title("Issue", body.get("title"))
    check_length("Issue", body.get("body"))
    await edit(call, issue)
    if "labels" in body and call.may(Role.TRIAGE, "issues:write"):
        wanted = await _labels(call, body["labels"])
        await tell.labels_changed(call.forge, call.actor, issue, list(issue.labels), wanted)
    if body.get("state") == "closed" and issue.state == "open":
        await tell.close(call.forge, call.actor, issue, body.get("state_reason"))
    if body.get("state") == "open" and issue.state == "closed":
        await tell.reopen(call.forge, call.actor, issue)
    return ok(issues.detailed(call.state, issue))


def check_author(call: Call, issue: Issue) -> None:
    """People change their own issues; others need triage."""
    if issue.user is call.user or call.may(Role.TRIAGE, "issues:write"):
        return
    if issue.pull and call.may(Role.WRITE, "pull_requests:write"):
        return
    raise Refusal(403, "Must have admin rights to Repository.")


async def edit(call: Call, issue: Issue) -> None:
    """Change title and body; `changes` has the old one of those that changed."""
    changes: Json = {}
    for name in ("title", "body"):
        new, old = call.body.get(name), getattr(issue, name)
        if name not in call.body or new == old or (name == "title" and new is None):
            continue
        changes[name] = {"from": old or ""}
        setattr(issue, name, str(new) if new is not None else None)
    if not changes:
        return
    if "title" in changes:
        rename = (changes["title"]["from"], issue.title)
        tell.note(call.forge, call.actor, issue, "renamed", rename=rename)
    issue.updated_at = call.state.now()
    if "body" in changes:
        issue.edited_at = issue.updated_at
    await tell.issue_changed(call.forge, call.actor, "edited", issue, changes=changes)
    note_mentions(call.forge, call.actor, issue, issue.body)


async def _labels(call: Call, wanted: list[Json]) -> list[Label]:
    names = [one if isinstance(one, str) else str(one.get("name")) for one in wanted]
    return find_or_create(call, names)


LOCK = "/issues/{issue_number}/lock"


@routes.repository(f"PUT {LOCK}", needs="issues:write pull_requests:write", role=Role.WRITE)
async def lock(call: Call) -> Answer:
    return await _set_locked(call, locked=True, reason=(call.body or {}).get("lock_reason"))


@routes.repository(f"DELETE {LOCK}", needs="issues:write pull_requests:write", role=Role.WRITE)
async def unlock(call: Call) -> Answer:
    return await _set_locked(call, locked=False, reason=None)


async def _set_locked(call: Call, *, locked: bool, reason: str | None) -> Answer:
    issue = call.issue()
    if issue.locked is not locked:
        issue.locked, issue.lock_reason = locked, reason
        word = "locked" if locked else "unlocked"
        tell.note(call.forge, call.actor, issue, word, lock_reason=reason)
        await tell.issue_changed(call.forge, call.actor, word, issue)
    return nothing()
