"""Branches, their protection, and the rules that apply to them."""

from collections.abc import Iterable

from bot.forge.answers import Answer, Refusal, nothing, ok
from bot.forge.git import branches, read_commit, read_ref
from bot.forge.records import Json, Protection, Repository, Role
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import commits, repositories

routes = Routes()
READ, ADMIN = "contents:read", "administration:write"
SIGNATURES = "/branches/{branch}/protection/required_signatures"


@routes.repository("GET /branches", needs=READ)
async def list_branches(call: Call) -> Answer:
    found = await branches(call.repository.path)
    return call.page(list(found.items()), lambda item: _short(call, *item))


def _short(call: Call, name: str, sha: str) -> Json:
    url = repositories.url(call.state, call.repository)
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
        "protected": protection_of(call.repository, name) is not None,
    }


def _checks(contexts: Iterable[str]) -> list[Json]:
    return [{"context": context, "app_id": None} for context in contexts]


def protection_of(repository: Repository, branch: str) -> Protection | None:
    return repository.protections.get(branch) or repository.protections.get("*")


@routes.repository("GET /branches/{branch}", needs=READ)
async def get_branch(call: Call) -> Answer:
    name = call.params["branch"]
    sha = await read_ref(call.repository.path, f"refs/heads/{name}")
    if sha is None:
        raise Refusal(404, "Branch not found")
    url = f"{repositories.url(call.state, call.repository)}/branches/{name}"
    page = f"{repositories.page(call.state, call.repository)}/tree/{name}"
    commit = await read_commit(call.repository.path, sha)
    protection = protection_of(call.repository, name)
    protected = protection is not None
    contexts = protection.contexts if protection else ()
    checks = {
        "enforcement_level": "non_admins" if contexts else "off",
        "contexts": list(contexts),
        "checks": _checks(contexts),
    }
    return ok(
        {
            "name": name,
            "commit": commits.commit(call.state, call.repository, commit),
            "_links": {"self": url, "html": page},
            "protected": protected,
            "protection": {"enabled": protected, "required_status_checks": checks},
            "protection_url": f"{url}/protection",
        }
    )


@routes.repository(
    "GET /branches/{branch}/protection", needs="administration:read", role=Role.ADMIN
)
async def get_protection(call: Call) -> Answer:
    return ok(_shape(call, _protected(call)))


@routes.repository("PUT /branches/{branch}/protection", needs=ADMIN, role=Role.ADMIN)
async def put_protection(call: Call) -> Answer:
    body, name = call.body, call.params["branch"]
    known = call.repository.protections.get(name) or Protection()
    known.pushes = body.get("required_pull_request_reviews") is not None
    known.force_pushes = not body.get("allow_force_pushes")
    checks = body.get("required_status_checks") or {}
    named = [check["context"] for check in checks.get("checks") or ()]
    known.contexts = tuple(dict.fromkeys([*(checks.get("contexts") or ()), *named]))
    call.repository.protections[name] = known
    return ok(_shape(call, known))


@routes.repository("DELETE /branches/{branch}/protection", needs=ADMIN, role=Role.ADMIN)
async def delete_protection(call: Call) -> Answer:
    _protected(call)
    del call.repository.protections[call.params["branch"]]
    return nothing()


@routes.repository(f"GET {SIGNATURES}", needs="administration:read", role=Role.ADMIN)
async def get_signatures(call: Call) -> Answer:
    return ok(_signatures(call, _protected(call)))


@routes.repository(f"POST {SIGNATURES}", needs=ADMIN, role=Role.ADMIN)
async def require_signatures(call: Call) -> Answer:
    protection = _protected(call)
    protection.signatures = True
    return ok(_signatures(call, protection))


@routes.repository(f"DELETE {SIGNATURES}", needs=ADMIN, role=Role.ADMIN)
async def drop_signatures(call: Call) -> Answer:
    _protected(call).signatures = False
    return nothing()


def _protected(call: Call) -> Protection:
    found = call.repository.protections.get(call.params["branch"])
    if found is None:
        raise Refusal(404, "Branch not protected")
    return found


def _url(call: Call) -> str:
    name = call.params["branch"]
    return f"{repositories.url(call.state, call.repository)}/branches/{name}/protection"


def _signatures(call: Call, protection: Protection) -> Json:
    return {"url": f"{_url(call)}/required_signatures", "enabled": protection.signatures}


def _shape(call: Call, protection: Protection) -> Json:
    shape = {
        "url": _url(call),
        "required_signatures": _signatures(call, protection),
        "enforce_admins": {"url": f"{_url(call)}/enforce_admins", "enabled": True},
        "allow_force_pushes": {"enabled": not protection.force_pushes},
        "allow_deletions": {"enabled": not protection.force_pushes},
    }
    if protection.pushes:
        shape["required_pull_request_reviews"] = {
            "url": f"{_url(call)}/required_pull_request_reviews",
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "required_approving_review_count": 1,
        }
    if protection.contexts:
        shape["required_status_checks"] = {
            "url": f"{_url(call)}/required_status_checks",
            "strict": False,
            "contexts": list(protection.contexts),
            "contexts_url": f"{_url(call)}/required_status_checks/contexts",
            "checks": _checks(protection.contexts),
        }
    return shape


@routes.repository("GET /rules/branches/{branch}", needs="metadata:read")
async def list_rules(call: Call) -> Answer:
    """Whoever reads the repository may ask which rules a branch has, existing or not."""
    protection = protection_of(call.repository, call.params["branch"]) or Protection(
        force_pushes=False
    )
    rules: list[Json] = []
    if protection.force_pushes:
        rules += [{"type": "deletion"}, {"type": "non_fast_forward"}]
    if protection.pushes:
        rules.append({"type": "pull_request", "parameters": PULL_REQUEST})
    if protection.contexts:
        required = [{"context": context} for context in protection.contexts]
        parameters = {
            "required_status_checks": required,
            "strict_required_status_checks_policy": False,
        }
        rules.append({"type": "required_status_checks", "parameters": parameters})
    if protection.signatures:
        rules.append({"type": "required_signatures"})
    if protection.sign_off:
        rules.append({"type": "commit_message_pattern", "parameters": SIGN_OFF})
    origin = {
        "ruleset_source_type": "Repository",
        "ruleset_source": call.repository.full_name,
        "ruleset_id": call.repository.id,
    }
    return call.page(rules, lambda rule: {**rule, **origin})


PULL_REQUEST = {
    "dismiss_stale_reviews_on_push": False,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_approving_review_count": 1,
    "required_review_thread_resolution": False,
}
SIGN_OFF = {
    "name": "Signed-off-by",
    "negate": False,
    "operator": "regex",
    "pattern": "Signed-off-by: .+ <.+>",
}
