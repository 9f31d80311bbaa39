"""What is wrong with a repository's CODEOWNERS, line by line, as GitHub says it."""

import re

from bot.forge.answers import Answer, not_found, ok
from bot.forge.git import ObjectMissing, read_path
from bot.forge.records import Json, Role
from bot.forge.rest.call import Call, Routes

routes = Routes()
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
OWNER = re.compile(r"@[\w-]+(?:/[\w.-]+)?|[^\s@]+@[^\s@]+\.[^\s@]+")


@routes.repository("GET /codeowners/errors", needs="contents:read")
async def list_errors(call: Call) -> Answer:
    reference = call.query.get("ref") or call.repository.default_branch
    for path in PLACES:
        try:
            entry = await read_path(call.repository.path, reference, path)
        except ObjectMissing:
            continue
        return ok({"errors": _errors(call, path, entry.data.decode(errors="replace"))})
    raise not_found()


def _errors(call: Call, path: str, text: str) -> list[Json]:
    found = []
    for n, source in enumerate(text.splitlines(), 1):
        pattern, *owners = source.partition("#")[0].split() or [""]
        if pattern.startswith("!") or "[" in pattern:
            found.append(_error("Invalid pattern", path, source, n, pattern))
            continue
        for owner in owners:
            if not OWNER.fullmatch(owner):
                found.append(_error("Invalid owner", path, source, n, owner))
            elif not _writes(call, owner):
                found.append(_error("Unknown owner", path, source, n, owner))
    return found


def _writes(call: Call, owner: str) -> bool:
    state, repository = call.state, call.repository
    organization, _, slug = owner.removeprefix("@").partition("/")
    if slug:
        who = state.user(organization)
        return who is not None and (who.id, slug.lower()) in state.teams
    by_mail = (u for u in state.users.values() if u.email == owner)
    user = state.user(owner[1:]) if owner.startswith("@") else next(by_mail, None)
    return user is not None and state.role(repository, user).at_least(Role.WRITE)


def _error(kind: str, path: str, source: str, line: int, word: str) -> Json:
    column = source.index(word) + 1
    advice = {
        "Unknown owner": f"make sure {word} exists and has write access to the repository",
        "Invalid owner": "an owner is a user, a team or an address",
        "Invalid pattern": "`!` and `[` are not supported",
    }[kind]
    shown = f"{kind} on line {line}: {advice}\n\n  {source}\n  {' ' * (column - 1)}^"
    return {
        "line": line,
        "column": column,
        "source": source,
        "kind": kind,
        "suggestion": advice,
        "message": shown,
        "path": path,
    }
