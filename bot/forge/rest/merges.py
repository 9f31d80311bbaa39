"""Merge a pull request; Coppice never does, people on the forge may."""

import re

from bot.forge import tell
from bot.forge.answers import Answer, Refusal, ok
from bot.forge.git import Identity, NewCommit, create_commit, mergeable, update_ref
from bot.forge.git.process import git
from bot.forge.pushes import pushed
from bot.forge.records import PullRequest, Role
from bot.forge.rest.call import Call, Routes

routes = Routes()
CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? +#(\d+)", re.IGNORECASE)


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
    await tell.close(call.forge, call.actor, pull.issue)
    if pull.base_ref != call.repository.default_branch:
        return
    for number in CLOSING.findall(pull.issue.body or ""):
        issue = call.repository.issues.get(int(number))
        if issue and issue.state == "open" and not issue.pull:
            await tell.close(call.forge, call.actor, issue)
