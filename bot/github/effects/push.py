"""Set a branch of ours to a commit."""

from bot.errors import EffectRefused, GitError
from bot.github import reads
from bot.github.effects.call import Call, Declaration, our_branch
from bot.github.git_words import push_problem
from bot.github.reads import RepositoryFacts
from bot.github.tokens import PUSH
from bot.runs import Applied, Push

DECLARATION = Declaration(
    does="a push to a branch `coppice/…`",
    found_by="the commit that the branch is at, as git is told before it pushes: the wanted one is"
    " done, the expected one is pushed to, another one is somebody's",
    ours_if="the branch is at a commit that Coppice made (recorded before the push)",
    writes="the branch, growing; replaced only where the effect says so, with a lease on the"
    " expected commit",
    refused={
        "branch_moved": "somebody else pushed to the branch, or it is not where it was expected",
        "protected_branch": "a branch protection rule covers it (GH006)",
        "rule_violation": "a repository rule forbids it (GH013)",
        "push_protection": "GitHub found a secret in the work",
        "signatures_required": "only signed commits are taken",
        "sign_off_required": "commits need a sign-off",
        "workflow_permission": "the work changes workflow files",
        "archived": "the repository is archived",
        "no_access": "the App lacks `contents: write`",
        "gone": "the repository is gone",
        "invalid": "the branch is not Coppice's own",
    },
    permissions=PUSH,
    heals=True,
)


def key(effect: Push, owner: str) -> str:
    return f"{effect.branch}/{effect.sha}"


async def apply(call: Call, effect: Push) -> Applied:
    facts = await reads.repository(call.client, call.repository)
    if facts is None:
        raise EffectRefused("gone", "The repository is gone, or the App has no access to it.")
    if our_branch(effect.branch) == facts.default_branch:
        raise EffectRefused("invalid", "Coppice never pushes to the default branch.")
    return await set_branch(call, effect, facts)


async def set_branch(call: Call, effect: Push, facts: RepositoryFacts) -> Applied:
    """Push to a branch that may be written; raises EffectRefused."""
    applied = Applied(sha=effect.sha, url=f"{facts.html_url}/tree/{effect.branch}", wrote=False)
    try:
        wrote = await call.git.push(effect, facts.clone_url)
    except GitError as error:
        return await _after_failure(call, effect, applied, error, facts.clone_url)
    return applied.model_copy(update={"wrote": wrote})


async def _after_failure(
    call: Call, effect: Push, applied: Applied, error: GitError, url: str
) -> Applied:
    """Name why the push failed; where the branch is elsewhere, look where and by whom."""
    problem = push_problem(error)
    kind = getattr(problem, "kind", "")
    if kind == "no_access":
        await _check_transfer(call)
    if kind != "branch_moved":
        raise problem from error
    try:
        now = await call.git.remote_sha(effect.branch, url)
    except GitError as unanswered:
        raise push_problem(unanswered) from unanswered
    if now == effect.sha:
        return applied
    raise await _moved(call, effect, now) from error


async def _check_transfer(call: Call) -> None:
    """Raise EffectRefused where the repository went to an owner whose installation is not ours."""
    facts = await reads.repository(call.client, call.repository)
    now = facts.full_name if facts else call.repository.full_name
    if now.partition("/")[0] != call.repository.full_name.partition("/")[0]:
        raise EffectRefused("gone", f"The repository was transferred to `{now}`.")


async def _moved(call: Call, effect: Push, now: str | None) -> EffectRefused:
    branch = f"`{effect.branch}`"
    if now is None:
        return EffectRefused("branch_gone", f"The branch {branch} was deleted.")
    who = await reads.commit_author(call.client, call.repository, now)
    by = f" by `{who}`" if who else ""
    if effect.expected is None:
        reason = f"A branch {branch} is there already, at {now[:7]}{by}."
    else:
        reason = f"Somebody pushed to {branch}: it is at {now[:7]}{by}."
    return EffectRefused("branch_moved", reason)
