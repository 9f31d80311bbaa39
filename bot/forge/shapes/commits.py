"""Commits, refs, trees, files and comparisons."""

import base64

from bot.forge.git import Commit, Comparison, Entry, FileChange, Identity, TreeEntry
from bot.forge.records import Json, Repository, User
from bot.forge.shapes import people, repositories
from bot.forge.state import State, node_id


def verification(commit: Commit) -> Json:
    """A signature is kept but cannot be checked here, as with a key that GitHub does not know."""
    signed = commit.signature is not None
    return {
        "verified": False,
        "reason": "unknown_key" if signed else "unsigned",
        "signature": commit.signature,
        "payload": None,
        "verified_at": None,
    }


def person(who: Identity) -> Json:
    return {"name": who.name, "email": who.email, "date": who.date}


def account(state: State, who: Identity) -> User | None:
    """The account behind a commit's address, as GitHub links it."""
    name, _, host = who.email.partition("@")
    if host == "users.noreply.github.com":
        return state.user(name.partition("+")[2] or name)
    return next((u for u in state.users.values() if u.email and u.email == who.email), None)


def commit(state: State, repository: Repository, it: Commit) -> Json:
    own, html = repositories.url(state, repository), repositories.page(state, repository)
    return {
        "sha": it.sha,
        "node_id": node_id(f"Commit{it.sha}", repository.id),
        "commit": {
            "author": person(it.author),
            "committer": person(it.committer),
            "message": it.message,
            "tree": {"sha": it.tree, "url": f"{own}/git/trees/{it.tree}"},
            "url": f"{own}/git/commits/{it.sha}",
            "comment_count": 0,
            "verification": verification(it),
        },
        "url": f"{own}/commits/{it.sha}",
        "html_url": f"{html}/commit/{it.sha}",
        "comments_url": f"{own}/commits/{it.sha}/comments",
        "author": people.maybe(state, account(state, it.author)),
        "committer": people.maybe(state, account(state, it.committer)),
        "parents": [
            {"sha": sha, "url": f"{own}/commits/{sha}", "html_url": f"{html}/commit/{sha}"}
            for sha in it.parents
        ],
    }


def git_commit(state: State, repository: Repository, it: Commit) -> Json:
    """The form of the git database API."""
    own, html = repositories.url(state, repository), repositories.page(state, repository)
    return {
        "sha": it.sha,
        "node_id": node_id(f"Commit{it.sha}", repository.id),
        "url": f"{own}/git/commits/{it.sha}",
        "html_url": f"{html}/commit/{it.sha}",
        "author": person(it.author),
        "committer": person(it.committer),
        "tree": {"sha": it.tree, "url": f"{own}/git/trees/{it.tree}"},
        "message": it.message,
        "parents": [
            {
                "sha": sha,
                "url": f"{own}/git/commits/{sha}",
                "html_url": f"{html}/commit/{sha}",
            }
            for sha in it.parents
        ],
        "verification": verification(it),
    }


def file(state: State, repository: Repository, it: FileChange, sha: str) -> Json:
    own, html = repositories.url(state, repository), repositories.page(state, repository)
    shape = {
        "sha": it.sha,
        "filename": it.filename,
        "status": it.status,
        "additions": it.additions,
        "deletions": it.deletions,
        "changes": it.changes,
        "blob_url": f"{html}/blob/{sha}/{it.filename}",
        "raw_url": f"{html}/raw/{sha}/{it.filename}",
        "contents_url": f"{own}/contents/{it.filename}?ref={sha}",
    }
    if it.patch is not None:
        shape["patch"] = it.patch
    if it.previous_filename:
        shape["previous_filename"] = it.previous_filename
    return shape


def comparison(state: State, repository: Repository, it: Comparison, basehead: str) -> Json:
    own, html = repositories.url(state, repository), repositories.page(state, repository)
    head = it.ahead[-1].sha if it.ahead else it.merge_base.sha
    pair = f"{it.base.sha}...{head}"
    return {
        "url": f"{own}/compare/{basehead}",
        "html_url": f"{html}/compare/{basehead}",
        "permalink_url": f"{html}/compare/{pair}",
        "diff_url": f"{html}/compare/{basehead}.diff",
        "patch_url": f"{html}/compare/{basehead}.patch",
        "base_commit": commit(state, repository, it.base),
        "merge_base_commit": commit(state, repository, it.merge_base),
        "status": it.status,
        "ahead_by": len(it.ahead),
        "behind_by": it.behind,
        "total_commits": len(it.ahead),
        "commits": [commit(state, repository, one) for one in it.ahead[:250]],
        "files": [file(state, repository, one, head) for one in it.files[:300]],
    }


def ref(state: State, repository: Repository, name: str, sha: str) -> Json:
    own = repositories.url(state, repository)
    return {
        "ref": name,
        "node_id": node_id(f"Ref{name}", repository.id),
        "url": f"{own}/git/{name}",
        "object": {"sha": sha, "type": "commit", "url": f"{own}/git/commits/{sha}"},
    }


def tree(state: State, repository: Repository, sha: str, entries: list[TreeEntry]) -> Json:
    own = f"{repositories.url(state, repository)}/git"
    listed = []
    for entry in entries:
        item: Json = {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.sha}
        if entry.type == "blob":
            item["size"] = entry.size or 0
        if entry.type != "commit":
            item["url"] = f"{own}/{entry.type}s/{entry.sha}"
        listed.append(item)
    return {"sha": sha, "url": f"{own}/trees/{sha}", "tree": listed, "truncated": False}


def content(state: State, repository: Repository, it: Entry, reference: str) -> Json:
    """A file, link or submodule of the contents API, with its bytes."""
    shape = entry(
        state,
        repository,
        TreeEntry(path=it.path, mode=it.mode, sha=it.sha, type=it.type),
        reference,
    )
    shape["size"] = len(it.data)
    if it.type == "commit":
        return {**shape, "submodule_git_url": repositories.page(state, repository)}
    if it.link:
        return {**shape, "target": it.data.decode(errors="replace")}
    encoded = base64.encodebytes(it.data).decode()
    return {**shape, "content": encoded, "encoding": "base64"}


def entry(state: State, repository: Repository, it: TreeEntry, reference: str) -> Json:
    """One line of a directory; ``it.path`` is the whole path."""
    own, html = repositories.url(state, repository), repositories.page(state, repository)
    link = f"{own}/contents/{it.path}?ref={reference}"
    kind = {"tree": "dir", "commit": "submodule"}.get(it.type, "file")
    kind = "symlink" if it.mode == "120000" else kind
    git = f"{own}/git/{'trees' if it.type == 'tree' else 'blobs'}/{it.sha}"
    where = f"{html}/{'tree' if it.type == 'tree' else 'blob'}/{reference}/{it.path}"
    return {
        "type": kind,
        "size": it.size or 0,
        "name": it.path.rsplit("/", 1)[-1],
        "path": it.path,
        "sha": it.sha,
        "url": link,
        "git_url": git,
        "html_url": where,
        "download_url": f"{html}/raw/{reference}/{it.path}" if it.type == "blob" else None,
        "_links": {"self": link, "git": git, "html": where},
    }
