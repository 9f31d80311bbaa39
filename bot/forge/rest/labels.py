"""Labels of a repository and of its issues."""

from bot.forge.answers import Answer, Refusal, created, invalid, not_found, nothing, ok
from bot.forge.records import Issue, Json, Label, Role
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import people, repositories
from bot.forge.tell import labels_changed

routes = Routes()
READ = "issues:read pull_requests:read"
WRITE = "issues:write pull_requests:write"
NAME_LIMIT = 50


def shape(call: Call, label: Label) -> Json:
    return people.label(call.state, repositories.url(call.state, call.repository), label)


def all_of(call: Call, issue: Issue) -> Answer:
    return ok([shape(call, label) for label in issue.labels])


@routes.repository("GET /labels", needs=READ)
async def list_labels(call: Call) -> Answer:
    return call.page(list(call.repository.labels.values()), lambda label: shape(call, label))


@routes.repository("POST /labels", needs=WRITE, role=Role.WRITE)
async def create_label(call: Call) -> Answer:
    name = str(call.body["name"])
    if name.lower() in call.repository.labels:
        raise invalid("Label", "already_exists", "name")
    return created(shape(call, make(call, name)))


@routes.repository("GET /labels/{name}", needs=READ)
async def get_label(call: Call) -> Answer:
    return ok(shape(call, find(call)))


@routes.repository("PATCH /labels/{name}", needs=WRITE, role=Role.WRITE)
async def update_label(call: Call) -> Answer:
    label = find(call)
    changes: Json = {}
    for key, field in (("new_name", "name"), ("color", "color"), ("description", "description")):
        new, old = call.body.get(key), getattr(label, field)
        if new is not None and new != old:
            changes[field] = {"from": old or ""}
            setattr(label, field, new)
    call.repository.labels.pop(call.params["name"].lower())
    call.repository.labels[label.name.lower()] = label
    body = {"label": shape(call, label), "changes": changes}
    call.forge.events.emit("label.edited", call.repository, call.user, body)
    return ok(shape(call, label))


@routes.repository("DELETE /labels/{name}", needs=WRITE, role=Role.WRITE)
async def delete_label(call: Call) -> Answer:
    label = find(call)
    del call.repository.labels[label.name.lower()]
    for issue in call.repository.issues.values():
        if label in issue.labels:
            issue.labels.remove(label)
    body = {"label": shape(call, label)}
    call.forge.events.emit("label.deleted", call.repository, call.user, body)
    return nothing()


@routes.repository("GET /issues/{issue_number}/labels", needs=READ)
async def list_issue_labels(call: Call) -> Answer:
    return call.page(call.issue().labels, lambda label: shape(call, label))


@routes.repository("POST /issues/{issue_number}/labels", needs=WRITE, role=Role.TRIAGE)
async def add_labels(call: Call) -> Answer:
    issue = call.issue()
    before = list(issue.labels)
    wanted = [label for label in find_or_create(call, names(call.body)) if label not in before]
    await labels_changed(call.forge, call.actor, issue, before, [*before, *wanted])
    return all_of(call, issue)


@routes.repository("PUT /issues/{issue_number}/labels", needs=WRITE, role=Role.TRIAGE)
async def set_labels(call: Call) -> Answer:
    issue = call.issue()
    wanted = find_or_create(call, names(call.body))
    await labels_changed(call.forge, call.actor, issue, list(issue.labels), wanted)
    return all_of(call, issue)


@routes.repository("DELETE /issues/{issue_number}/labels", needs=WRITE, role=Role.TRIAGE)
async def remove_all_labels(call: Call) -> Answer:
    issue = call.issue()
    await labels_changed(call.forge, call.actor, issue, list(issue.labels), [])
    return nothing()


@routes.repository("DELETE /issues/{issue_number}/labels/{name}", needs=WRITE, role=Role.TRIAGE)
async def remove_label(call: Call) -> Answer:
    issue, name = call.issue(), call.params["name"].lower()
    rest = [label for label in issue.labels if label.name.lower() != name]
    if len(rest) == len(issue.labels):
        raise Refusal(404, "Label does not exist")
    await labels_changed(call.forge, call.actor, issue, list(issue.labels), rest)
    return all_of(call, issue)


def names(body: Json | list[Json] | str) -> list[str]:
    """GitHub takes names, objects with names, or one name, bare or under `labels`."""
    given = body.get("labels") or [] if isinstance(body, dict) else body
    listed = [given] if isinstance(given, str) else given
    return [one if isinstance(one, str) else str(one["name"]) for one in listed]


def find_or_create(call: Call, wanted: list[str]) -> list[Label]:
    """Find labels by name; unknown ones are made in GitHub's grey, by who may push."""
    known = call.repository.labels
    missing = [name for name in wanted if name.lower() not in known]
    if missing and not (call.may(Role.WRITE, "issues:write") or _writes_pulls(call)):
        raise Refusal(403, "You do not have permission to create labels on this repository.")
    for name in missing:
        if name.lower() not in known:
            make(call, name)
    return list(dict.fromkeys(known[name.lower()] for name in wanted))


def _writes_pulls(call: Call) -> bool:
    return bool(call.actor.installation) and call.may(Role.WRITE, "pull_requests:write")


def make(call: Call, name: str) -> Label:
    if len(name) > NAME_LIMIT or not name.strip():
        raise invalid(
            "Label", "invalid", "name", f"is too long (maximum is {NAME_LIMIT} characters)"
        )
    given = call.body if isinstance(call.body, dict) else {}
    color, description = str(given.get("color") or "ededed"), given.get("description")
    label = call.state.add_label(call.repository, name, color, description)
    body = {"label": shape(call, label)}
    call.forge.events.emit("label.created", call.repository, call.user, body)
    return label


def find(call: Call) -> Label:
    label = call.repository.labels.get(call.params["name"].lower())
    if label is None:
        raise not_found()
    return label
