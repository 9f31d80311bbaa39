"""Merge a pull request; Coppice never does, people on the forge may."""

from bot.forge import tell
from bot.forge.answers import Answer, Refusal, ok
from bot.forge.git import Identity, NewCommit, create_commit, mergeable, update_ref
from bot.forge.git.process import git
from bot.forge.pull_refs import fetch_objects
from bot.forge.pushes import pushed
from bot.forge.records import PullRequest, Repository, Role
from bot.forge.references import closing
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import pulls

routes = Routes()


@routes.repository("PUT /pulls/{pull_number}/merge", needs="contents:write", role=Role.WRITE)
async def merge(call: Call) -> Answer:
    """405 where it cannot be merged, 409 where the head moved."""
    pull, body = call.pull(), call.body or {}
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if pull.merged or pull.issue.state == "closed":
        raise Refusal(405, "Pull Request is not mergeable")
    if body.get("sha") not in (None, pull.head_sha):
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    path = call.repository.path
    if not await mergeable(path, pull.base_sha, pull.head_sha):
        raise Refusal(405, "Pull Request is not mergeable")
    tree = (await git(path, "merge-tree", "--write-tree", pull.base_sha, pull.head_sha)).decode()
    method = body.get("merge_method", "merge")
    sha = await create_commit(path, _commit(call, pull, tree.strip(), method))
    before = pull.base_sha
    await update_ref(path, f"refs/heads/{pull.base_ref}", sha, before)
    await _finish(call, pull, sha)
    await pushed(
        call.forge, call.repository, call.actor, {f"refs/heads/{pull.base_ref}": (before, sha)}
    )
    return ok({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _commit(call: Call, pull: PullRequest, tree: str, method: str) -> NewCommit:
    """`merge` keeps both parents; `squash` and `rebase` give one commit on the base here."""
    who, title = call.user, pull.issue.title
    author = Identity(name=who.login, email=who.noreply, at=int(call.state.clock()))
    parents = [pull.base_sha, pull.head_sha] if method == "merge" else [pull.base_sha]
    message = f"{title} (#{pull.number})\n"
    if method == "merge":
        message = f"Merge pull request #{pull.number} from {pull.head_ref}\n\n{title}\n"
    return NewCommit(tree=tree, parents=parents, message=message, author=author)


async def _finish(call: Call, pull: PullRequest, sha: str) -> None:
    now = call.state.now()
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = now, call.user, sha
    tell.note(call.forge, call.actor, pull.issue, "merged", commit_id=sha)
    await tell.close(call.forge, call.actor, pull.issue)
    for issue in closing(call.state, pull):
        if issue.state == "open" and issue.repository is call.repository:
            await tell.close(call.forge, call.actor, issue)


@routes.repository("PUT /pulls/{pull_number}/update-branch", needs="pull_requests:write")
async def update_branch(call: Call) -> Answer:
    """Merge the base into the head; by who may push there, for people only."""
    pull, source = call.pull(), call.pull().head_repository
    if source is None or not _may_push(call, pull, source):
        raise Refusal(403, "Must have push access to the head repository.")
    if (call.body or {}).get("expected_head_sha") not in (None, pull.head_sha):
        raise Refusal(422, "expected head sha didn\u2019t match current head ref.")
    path = call.repository.path
    if not await mergeable(path, pull.head_sha, pull.base_sha):
        raise Refusal(422, "merge conflict between base and head")
    before, sha = pull.head_sha, await _merge_base(call, pull)
    await fetch_objects(source, call.repository, sha)
    await update_ref(source.path, f"refs/heads/{pull.head_ref}", sha, before)
    await pushed(call.forge, source, call.actor, {f"refs/heads/{pull.head_ref}": (before, sha)})
    shape = {"message": "Updating pull request branch.", "url": pulls.url(call.state, pull)}
    return Answer(status=202, body=shape)


def _may_push(call: Call, pull: PullRequest, source: Repository) -> bool:
    if call.state.role(source, call.user).at_least(Role.WRITE):
        return True
    here = call.state.role(call.repository, call.user).at_least(Role.WRITE)
    return pull.maintainer_can_modify and here


async def _merge_base(call: Call, pull: PullRequest) -> str:
    """Write the merge commit where both ends are known: in the base repository."""
    path, who = call.repository.path, call.user
    tree = await git(path, "merge-tree", "--write-tree", pull.head_sha, pull.base_sha)
    new = NewCommit(
        tree=tree.decode().strip(),
        parents=[pull.head_sha, pull.base_sha],
        message=f"Merge branch '{pull.base_ref}' into {pull.head_ref}",
        author=Identity(name=who.login, email=who.noreply, at=int(call.state.clock())),
    )
    return await create_commit(path, new)
