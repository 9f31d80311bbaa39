"""What follows from moved refs, by git or by REST: pull requests, check suites, events."""

from collections.abc import Mapping

from bot.forge import tell, threads
from bot.forge.actors import Actor
from bot.forge.checking import suite_event, suite_for
from bot.forge.ci.follow import pull_moved
from bot.forge.git import (
    ZERO,
    Change,
    Commit,
    ObjectMissing,
    commits_between,
    diff_files,
    is_ancestor,
    read_commit,
)
from bot.forge.house import House
from bot.forge.pull_refs import publish_ref
from bot.forge.records import Json, Repository
from bot.forge.shapes import checks, commits, repositories

COMMITS = 20
"""Commits that a push event lists (GitHub: 2,048): who needs all of them has to compare."""


async def pushed(
    forge: House, repository: Repository, actor: Actor, changes: Mapping[str, Change]
) -> None:
    """Tell everybody who has to know that these refs moved; {ref: (old, new)}, None: not there."""
    repository.pushed_at = forge.state.now()
    for ref, (old, new) in changes.items():
        await _push_event(forge, repository, actor, ref, old, new)
        branch = ref.removeprefix("refs/heads/")
        if branch == ref:
            continue
        await _follow_pulls(forge, repository, actor, branch, new)
        if new is not None:
            await _open_suites(forge, repository, actor, branch, old, new)


async def _push_event(
    forge: House, repository: Repository, actor: Actor, ref: str, old: str | None, new: str | None
) -> None:
    if old is None or new is None:
        _ref_event(forge, repository, actor, ref, gone=new is None)
    made = await _new_commits(repository, old, new) if new else []
    listed = [await _commit(forge, repository, commit) for commit in made[-COMMITS:]]
    head = listed[-1] if listed else None
    if head is None and new:
        try:
            head = await _commit(forge, repository, await read_commit(repository.path, new))
        except ObjectMissing:
            head = None  # an annotated tag of something else
    page = repositories.page(forge.state, repository)
    forced = bool(old and new) and not await is_ancestor(repository.path, str(old), str(new))
    span = f"{old[:12]}...{new[:12]}" if old and new else (new or old or "")[:12]
    body = {
        "ref": ref,
        "before": old or ZERO,
        "after": new or ZERO,
        "created": old is None,
        "deleted": new is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{page}/compare/{span}",
        "commits": listed,
        "head_commit": head,
        "pusher": {"name": actor.login, "email": actor.user.noreply if actor.user else None},
    }
    forge.events.emit("push", repository, actor.user, body)


def _ref_event(forge: House, repository: Repository, actor: Actor, ref: str, *, gone: bool) -> None:
    kind = "tag" if ref.startswith("refs/tags/") else "branch"
    body: Json = {"ref": ref.split("/", 2)[2], "ref_type": kind, "pusher_type": "user"}
    if not gone:
        body |= {
            "master_branch": repository.default_branch,
            "description": repository.description,
        }
    forge.events.emit("delete" if gone else "create", repository, actor.user, body)


async def _new_commits(repository: Repository, old: str | None, new: str) -> list[Commit]:
    """The commits of a push; of a new branch only those that the default branch has not."""
    start = old or f"refs/heads/{repository.default_branch}"
    try:
        await read_commit(repository.path, old or repository.default_branch)
        return await commits_between(repository.path, start, new)
    except ObjectMissing:
        return []


async def _commit(forge: House, repository: Repository, it: Commit) -> Json:
    files = await diff_files(repository.path, it.parents[0] if it.parents else None, it.sha)
    by_status = {
        key: [f.filename for f in files if f.status == status]
        for key, status in (("added", "added"), ("removed", "removed"))
    }
    rest = [f.filename for f in files if f.status not in ("added", "removed")]
    return {
        **checks.simple_commit(it),
        "author": _person(forge, it.author.name, it.author.email, it),
        "committer": _person(forge, it.committer.name, it.committer.email, it),
        "distinct": True,
        "url": f"{repositories.page(forge.state, repository)}/commit/{it.sha}",
        **by_status,
        "modified": rest,
    }


def _person(forge: House, name: str, email: str, it: Commit) -> Json:
    who = it.author if it.author.email == email else it.committer
    account = commits.account(forge.state, who)
    shape = {"name": name, "email": email, "date": who.date}
    return {**shape, "username": account.login} if account else shape


async def _follow_pulls(
    forge: House, repository: Repository, actor: Actor, branch: str, new: str | None
) -> None:
    """Move the pull requests of a branch along; without its branch one is closed."""
    for pull in list(forge.state.pulls_of_head(repository, branch)):
        if new is None:
            tell.note(forge, actor, pull.issue, "head_ref_deleted")
            await tell.close(forge, actor, pull.issue)
        elif pull.head_sha != new:
            before, pull.head_sha = pull.head_sha, new
            if not await is_ancestor(repository.path, before, new):
                tell.note(forge, actor, pull.issue, "head_ref_force_pushed", commit_id=new)
            await publish_ref(pull)
            await threads.follow(pull)
            pull.issue.updated_at = forge.state.now()
            await tell.pull_changed(forge, actor, "synchronize", pull, before=before, after=new)
            pull_moved(forge, pull)
    if new is None:
        return
    for pull in repository.pulls:
        if pull.base_ref == branch and pull.issue.state == "open":
            pull.base_sha = new


async def _open_suites(
    forge: House,
    repository: Repository,
    actor: Actor,
    branch: str,
    old: str | None,
    new: str,
) -> None:
    for installation in list(forge.state.installations.values()):
        if not installation.covers(repository) or installation.permissions.get("checks") != "write":
            continue
        suite = suite_for(forge, repository, installation.app, new, branch=branch, before=old)
        await suite_event(forge, "requested", suite, actor.user)
