"""Files by path: read, write, delete, each write one commit."""

import base64
import binascii

from bot.forge.access import check_rules
from bot.forge.answers import Answer, Refusal, ok
from bot.forge.git import ZERO as NOWHERE
from bot.forge.git import (
    ContentMoved,
    Entry,
    FileWrite,
    RefMoved,
    TreeEntry,
    Update,
    Written,
    prepare_file,
    read_commit,
    read_path,
    update_ref,
)
from bot.forge.pushes import pushed
from bot.forge.records import Json, Role
from bot.forge.rest.call import Call, Routes
from bot.forge.rest.git_data import identity
from bot.forge.shapes import commits

routes = Routes()
READ, WRITE = "contents:read", "contents:write"


@routes.repository("GET /contents/{path}", needs=READ)
async def get_content(call: Call) -> Answer:
    reference = call.query.get("ref") or call.repository.default_branch
    entry = await read_path(call.repository.path, reference, call.params.get("path") or "")
    if entry.type == "tree":
        return ok(_listed(call, entry, reference))
    if "raw" in call.accept:
        text = entry.data.decode(errors="replace")
        return Answer(text=text, content_type="application/vnd.github.raw; charset=utf-8")
    return ok(commits.content(call.state, call.repository, entry, reference))


def _listed(call: Call, folder: Entry, reference: str) -> list[Json]:
    prefix = f"{folder.path}/" if folder.path else ""
    return [
        commits.entry(
            call.state,
            call.repository,
            TreeEntry(
                path=prefix + one.path, mode=one.mode, sha=one.sha, type=one.type, size=one.size
            ),
            reference,
        )
        for one in folder.entries
    ]


@routes.repository("PUT /contents/{path}", needs=WRITE, role=Role.WRITE)
async def put_content(call: Call) -> Answer:
    try:
        data = base64.b64decode(str(call.body["content"]))
    except (binascii.Error, ValueError):
        raise Refusal(422, "content is not valid Base64") from None
    return await _write(call, data)


@routes.repository("DELETE /contents/{path}", needs=WRITE, role=Role.WRITE)
async def delete_content(call: Call) -> Answer:
    return await _write(call, None)


async def _write(call: Call, data: bytes | None) -> Answer:
    body, path = call.body, call.repository.path
    author = identity(call, body.get("author") or body.get("committer"))
    write = FileWrite(
        branch=str(body.get("branch") or call.repository.default_branch),
        path=call.params["path"],
        data=data,
        sha=body.get("sha"),
        message=str(body["message"]),
        author=author,
        committer=identity(call, body["committer"]) if body.get("committer") else author,
    )
    ref = f"refs/heads/{write.branch}"
    try:
        written = await prepare_file(path, write)
        update = Update(ref=ref, old=written.parent, new=written.commit)
        await check_rules(call.state, call.actor, call.repository, update)
        await update_ref(path, ref, written.commit, written.parent or NOWHERE)
    except ContentMoved:
        if write.sha is None:
            raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.') from None
        raise Refusal(409, f"{write.path} does not match {write.sha}") from None
    except RefMoved:
        raise Refusal(409, f"is at another commit than {written.parent}") from None
    changes = {ref: (written.parent, written.commit)}
    await pushed(call.forge, call.repository, call.actor, changes)
    return await _answer(call, write, written)


async def _answer(call: Call, write: FileWrite, written: Written) -> Answer:
    commit = await read_commit(call.repository.path, written.commit)
    shape = commits.git_commit(call.state, call.repository, commit)
    if write.data is None:
        return ok({"content": None, "commit": shape})
    entry = await read_path(call.repository.path, written.commit, write.path)
    line = TreeEntry(
        path=entry.path, mode=entry.mode, sha=entry.sha, type="blob", size=len(entry.data)
    )
    content = commits.entry(call.state, call.repository, line, write.branch)
    return Answer(status=200 if write.sha else 201, body={"content": content, "commit": shape})
