"""Commits and what lies between them."""

from bot.forge.answers import Answer, Refusal, ok
from bot.forge.git import ObjectMissing, compare, diff_files, diff_text, log, read_commit, resolve
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import commits

routes = Routes()
READ = "contents:read"
DEPTH = 1000


@routes.repository("GET /commits", needs=READ)
async def list_commits(call: Call) -> Answer:
    start = call.query.get("sha") or call.repository.default_branch
    if await resolve(call.repository.path, start) is None:
        if call.query.get("sha"):
            raise Refusal(404, "Not Found")
        raise Refusal(409, "Git Repository is empty.")
    found = await log(call.repository.path, start, path=call.query.get("path"), limit=DEPTH)
    return call.page(found, lambda one: commits.commit(call.state, call.repository, one))


@routes.repository("GET /commits/{ref}", needs=READ)
async def get_commit(call: Call) -> Answer:
    path = call.repository.path
    try:
        found = await read_commit(path, call.params["ref"])
    except ObjectMissing:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}") from None
    parent = found.parents[0] if found.parents else None
    if "diff" in call.accept:
        text = await diff_text(path, parent, found.sha)
        return Answer(text=text, content_type="application/vnd.github.diff; charset=utf-8")
    if "sha" in call.accept:
        return Answer(text=found.sha, content_type="application/vnd.github.sha; charset=utf-8")
    files = await diff_files(path, parent, found.sha)
    added, deleted = sum(f.additions for f in files), sum(f.deletions for f in files)
    return ok(
        {
            **commits.commit(call.state, call.repository, found),
            "stats": {"total": added + deleted, "additions": added, "deletions": deleted},
            "files": [commits.file(call.state, call.repository, f, found.sha) for f in files],
        }
    )


@routes.repository("GET /compare/{basehead}", needs=READ)
async def compare_commits(call: Call) -> Answer:
    basehead = call.params["basehead"]
    base, dots, head = basehead.partition("...")
    if not dots:
        raise Refusal(404, "Not Found")
    found = await compare(call.repository.path, base, head)
    return ok(commits.comparison(call.state, call.repository, found, basehead))
