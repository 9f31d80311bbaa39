"""The git database: blobs, trees, commits, refs; one history with what is pushed."""

import base64
import binascii
from typing import Any

from bot.forge.access import check_rules
from bot.forge.answers import Answer, Refusal, created, nothing, ok
from bot.forge.git import (
    GitFailed,
    Identity,
    NewCommit,
    ObjectMissing,
    RefMoved,
    TreeEntry,
    Update,
    create_blob,
    create_commit,
    create_ref,
    create_tree,
    delete_ref,
    is_ancestor,
    read_blob,
    read_commit,
    read_ref,
    read_tree,
    refs,
    resolve,
    update_ref,
)
from bot.forge.pushes import pushed
from bot.forge.records import Role
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import commits, repositories
from bot.forge.state import node_id

routes = Routes()
READ, WRITE = "contents:read", "contents:write"


@routes.repository("GET /git/ref/{ref}", needs=READ)
async def get_ref(call: Call) -> Answer:
    name = f"refs/{call.params['ref']}"
    sha = await read_ref(call.repository.path, name)
    if sha is None:
        raise Refusal(404, "Not Found")
    return ok(commits.ref(call.state, call.repository, name, sha))


@routes.repository("GET /git/matching-refs/{ref}", needs=READ)
async def list_refs(call: Call) -> Answer:
    prefix = f"refs/{call.params['ref']}"
    found = await refs(call.repository.path, "refs/heads", "refs/tags")
    return ok(
        [
            commits.ref(call.state, call.repository, name, sha)
            for name, sha in found.items()
            if name.startswith(prefix)
        ]
    )


@routes.repository("POST /git/refs", needs=WRITE, role=Role.WRITE)
async def post_ref(call: Call) -> Answer:
    name, sha = str(call.body["ref"]), str(call.body["sha"])
    if not name.startswith(("refs/heads/", "refs/tags/")):
        raise Refusal(422, "Reference name must start with 'refs/' and have two slashes")
    if await resolve(call.repository.path, sha) != sha:
        raise Refusal(422, "Object does not exist")
    await _judge(call, Update(ref=name, old=None, new=sha))
    try:
        await create_ref(call.repository.path, name, sha)
    except RefMoved:
        raise Refusal(422, "Reference already exists") from None
    except GitFailed:
        raise Refusal(422, "Reference name is not valid") from None
    await pushed(call.forge, call.repository, call.actor, {name: (None, sha)})
    return created(commits.ref(call.state, call.repository, name, sha))


@routes.repository("PATCH /git/refs/{ref}", needs=WRITE, role=Role.WRITE)
async def patch_ref(call: Call) -> Answer:
    name, sha = f"refs/{call.params['ref']}", str(call.body["sha"])
    path = call.repository.path
    old = await read_ref(path, name)
    if old is None:
        raise Refusal(422, "Reference does not exist")
    if await resolve(path, sha) != sha:
        raise Refusal(422, "Object does not exist")
    if not call.body.get("force") and not await is_ancestor(path, old, sha):
        raise Refusal(422, "Update is not a fast forward")
    await _judge(call, Update(ref=name, old=old, new=sha))
    try:
        await update_ref(path, name, sha, old)
    except RefMoved:
        raise Refusal(422, "Reference cannot be updated") from None
    if old != sha:
        await pushed(call.forge, call.repository, call.actor, {name: (old, sha)})
    return ok(commits.ref(call.state, call.repository, name, sha))


@routes.repository("DELETE /git/refs/{ref}", needs=WRITE, role=Role.WRITE)
async def remove_ref(call: Call) -> Answer:
    name = f"refs/{call.params['ref']}"
    old = await read_ref(call.repository.path, name)
    if old is None:
        raise Refusal(422, "Reference does not exist")
    await _judge(call, Update(ref=name, old=old, new=None))
    try:
        await delete_ref(call.repository.path, name, old)
    except RefMoved:
        raise Refusal(422, "Reference does not exist") from None
    await pushed(call.forge, call.repository, call.actor, {name: (old, None)})
    return nothing()


async def _judge(call: Call, update: Update) -> None:
    await check_rules(call.state, call.actor, call.repository, update)


@routes.repository("POST /git/blobs", needs=WRITE, role=Role.WRITE)
async def post_blob(call: Call) -> Answer:
    text = str(call.body["content"])
    if call.body.get("encoding", "utf-8") == "base64":
        try:
            data = base64.b64decode(text)
        except (binascii.Error, ValueError):
            raise Refusal(422, "Content is not valid Base64") from None
    else:
        data = text.encode()
    sha = await create_blob(call.repository.path, data)
    return created({"sha": sha, "url": f"{_git(call)}/blobs/{sha}"})


@routes.repository("GET /git/blobs/{file_sha}", needs=READ)
async def get_blob(call: Call) -> Answer:
    sha = call.params["file_sha"]
    data = await read_blob(call.repository.path, sha)
    if "raw" in call.accept:
        return Answer(text=data.decode(errors="replace"), content_type="text/plain; charset=utf-8")
    return ok(
        {
            "sha": sha,
            "node_id": node_id(f"Blob{sha}", call.repository.id),
            "size": len(data),
            "url": f"{_git(call)}/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
    )


def _git(call: Call) -> str:
    return f"{repositories.url(call.state, call.repository)}/git"


@routes.repository("POST /git/trees", needs=WRITE, role=Role.WRITE)
async def post_tree(call: Call) -> Answer:
    path = call.repository.path
    entries = [await _entry(call, given) for given in call.body["tree"]]
    try:
        sha = await create_tree(path, entries, base=call.body.get("base_tree"))
    except ObjectMissing:
        raise Refusal(404, "Not Found") from None
    except GitFailed as failure:
        raise Refusal(422, f"tree.sha is not valid: {failure.stderr.strip()}") from None
    sha, listed = await read_tree(path, sha)
    return created(commits.tree(call.state, call.repository, sha, listed))


async def _entry(call: Call, given: dict[str, Any]) -> TreeEntry:
    sha = given.get("sha")
    if "content" in given:
        sha = await create_blob(call.repository.path, str(given["content"]).encode())
    mode = str(given.get("mode") or "100644")
    kind = {"040000": "tree", "160000": "commit"}.get(mode, "blob")
    return TreeEntry(path=str(given["path"]), mode=mode, type=kind, sha=sha)


@routes.repository("GET /git/trees/{tree_sha}", needs=READ)
async def get_tree(call: Call) -> Answer:
    recursive = call.query.get("recursive", "") not in ("", "0", "false")
    path, treeish = call.repository.path, call.params["tree_sha"]
    sha, entries = await read_tree(path, treeish, recursive=recursive)
    return ok(commits.tree(call.state, call.repository, sha, entries))


@routes.repository("POST /git/commits", needs=WRITE, role=Role.WRITE)
async def post_commit(call: Call) -> Answer:
    body = call.body
    author = identity(call, body.get("author"))
    new = NewCommit(
        tree=str(body["tree"]),
        parents=[str(sha) for sha in body.get("parents", [])],
        message=str(body["message"]),
        author=author,
        committer=identity(call, body["committer"]) if body.get("committer") else author,
        signature=body.get("signature"),
    )
    try:
        sha = await create_commit(call.repository.path, new)
    except ObjectMissing:
        raise Refusal(422, "Tree SHA or parent SHA does not exist") from None
    made = await read_commit(call.repository.path, sha)
    return created(commits.git_commit(call.state, call.repository, made))


def identity(call: Call, given: dict[str, Any] | None) -> Identity:
    """Who is named, else the caller, now."""
    who = call.user
    given = given or {}
    name, email = str(given.get("name") or who.login), str(given.get("email") or who.noreply)
    try:
        return Identity.from_iso(name, email, str(given.get("date") or call.state.now()))
    except ValueError:
        raise Refusal(422, "Invalid request.\n\ndate is not a date-time.") from None


@routes.repository("GET /git/commits/{commit_sha}", needs=READ)
async def get_commit(call: Call) -> Answer:
    found = await read_commit(call.repository.path, call.params["commit_sha"])
    return ok(commits.git_commit(call.state, call.repository, found))
