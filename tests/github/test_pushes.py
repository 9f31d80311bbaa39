"""Pushes on the forge: to where the branch was expected, and a refusal named for what it is."""

from typing import Any

import pytest

from bot.errors import EffectDelayed, EffectRefused, GitError
from bot.github import reads
from bot.runs import Applied, DeleteBranch, Push
from bot.worktree import Pusher
from tests.github.world import BRANCH, GIT, RUN, World, make_effects


async def head(world: World) -> str | None:
    return await reads.branch_head(await world.client(), world.repository, BRANCH)


async def push(world: World, sha: str, expected: str | None = None, **more: Any) -> Applied:
    return await world.apply(Push(branch=BRANCH, sha=sha, expected=expected, **more))


@pytest.fixture
async def base(world: World) -> str:
    return await world.fetch()


async def test_a_branch_is_made_and_grows(world: World, base: str) -> None:
    one = await world.commit(base, "One")
    two = await world.commit(one, "Two")
    assert (await push(world, one)).wrote

    applied = await push(world, two, one)

    assert (await head(world), applied.wrote) == (two, True)
    assert applied.url == f"{world.forge.ready['html_url']}/acme/greenhouse/tree/{BRANCH}"


async def test_the_same_push_again_is_done_already(world: World, base: str) -> None:
    one = await world.commit(base)
    await push(world, one)
    await world.forget()

    assert not (await push(world, one)).wrote


async def test_a_start_commit_is_replaced_with_a_lease(world: World, base: str) -> None:
    start, work = await world.commit(base, "Start"), await world.commit(base, "Work")
    await push(world, start)

    await push(world, work, start, force=True)

    assert await head(world) == work


@pytest.mark.parametrize("force", [True, False])
async def test_somebody_elses_push_is_never_overwritten(
    world: World, base: str, *, force: bool
) -> None:
    start, theirs = await world.commit(base, "Start"), await world.commit(base, "Theirs")
    await push(world, theirs)

    with pytest.raises(EffectRefused, match=r"Somebody pushed to .* by `coppice") as refused:
        await push(world, await world.commit(start), start, force=force)
    assert refused.value.kind == "branch_moved"
    assert await head(world) == theirs


async def test_a_branch_of_our_name_that_is_there_already_is_left_alone(
    world: World, base: str
) -> None:
    await world.call("POST", "/git/refs", {"ref": f"refs/heads/{BRANCH}", "sha": base})

    with pytest.raises(EffectRefused, match="is there already") as refused:
        await push(world, await world.commit(base))
    assert refused.value.kind == "branch_moved"
    assert await head(world) == base


async def test_a_deleted_branch_is_not_made_again(world: World, base: str) -> None:
    start = await world.commit(base)

    with pytest.raises(EffectRefused) as refused:
        await push(world, await world.commit(start), start)
    assert refused.value.kind == "branch_gone"


@pytest.mark.parametrize("branch", ["main", "feature/x", "coppicex"])
async def test_no_branch_but_our_own_is_ever_pushed_to(
    world: World, base: str, branch: str
) -> None:
    with pytest.raises(EffectRefused) as refused:
        await world.apply(Push(branch=branch, sha=await world.commit(base), expected=base))
    assert refused.value.kind == "invalid"


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"pushes": True}, "protected_branch"),
        ({"signatures": True}, "signatures_required"),
        ({"sign_off": True}, "sign_off_required"),
    ],
)
async def test_a_rule_in_the_way_is_named(
    world: World, base: str, rule: dict[str, bool], kind: str
) -> None:
    await world.switch("protect", branch=BRANCH, **rule)

    with pytest.raises(EffectRefused) as refused:
        await push(world, await world.commit(base))
    assert refused.value.kind == kind


async def test_a_forbidden_force_push_is_named(world: World, base: str) -> None:
    start, work = await world.commit(base, "Start"), await world.commit(base, "Work")
    await push(world, start)
    await world.switch("protect", branch=BRANCH, force_pushes=True)

    with pytest.raises(EffectRefused, match="force-push") as refused:
        await push(world, work, start, force=True)
    assert refused.value.kind == "protected_branch"


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("key.txt", "AKIAIOSFODNN7EXAMPLA\n", "push_protection"),
        (".github/workflows/ci.yml", "on: push\n", "workflow_permission"),
    ],
)
async def test_a_file_that_github_does_not_take_is_named(
    world: World, base: str, path: str, text: str, kind: str
) -> None:
    with pytest.raises(EffectRefused) as refused:
        await push(world, await commit_file(world, base, path, text))
    assert refused.value.kind == kind


async def commit_file(world: World, base: str, path: str, text: str) -> str:
    git = world.objects.git
    blob = (await git.run("hash-object", "-w", "--stdin", stdin=text.encode())).decode().strip()
    tree = blob
    for n, name in enumerate(reversed(path.split("/"))):
        entry = f"100644 blob {tree}" if n == 0 else f"040000 tree {tree}"
        tree = (await git.run("mktree", stdin=f"{entry}\t{name}\n".encode())).decode().strip()
    author = {f"GIT_{role}_{key}": "x" for role in ("AUTHOR", "COMMITTER") for key in ("NAME",)}
    author |= {"GIT_AUTHOR_EMAIL": "x@x", "GIT_COMMITTER_EMAIL": "x@x"}
    command = ("commit-tree", tree, "-p", base, "-m", "x")
    return (await git.run(*command, environment=author)).decode().strip()


async def test_an_archived_repository_takes_no_push(world: World, base: str) -> None:
    await world.switch("archive")

    with pytest.raises(EffectRefused) as refused:
        await push(world, await world.commit(base))
    assert refused.value.kind == "archived"


async def test_a_deleted_repository_is_gone(world: World, base: str) -> None:
    sha = await world.commit(base)
    await world.switch("delete")

    with pytest.raises(EffectRefused):
        await push(world, sha)


async def test_a_renamed_repository_is_pushed_to(world: World, base: str) -> None:
    await world.switch("rename", name="renamed")
    sha = await world.commit(base)

    await push(world, sha)

    assert await head(world) == sha


async def test_a_failure_of_github_is_put_off_and_then_done(world: World, base: str) -> None:
    sha = await world.commit(base)
    await world.fault("error", method="POST", path=GIT)

    with pytest.raises(EffectDelayed):
        await push(world, sha)
    await push(world, sha)

    assert await head(world) == sha


class LosesAnswers(Pusher):
    """Pushes, and never hears of it."""

    async def push(self, *arguments: Any, **named: Any) -> bool:
        await super().push(*arguments, **named)
        raise GitError("push", 128, "fatal: the remote end hung up unexpectedly")


async def test_a_push_whose_answer_was_lost_is_found_again(world: World, base: str) -> None:
    sha = await world.commit(base)
    pusher = LosesAnswers(world.works)
    deaf = make_effects(world.app, world.database, pusher, world.limits, world.time)
    with pytest.raises(EffectDelayed):
        await deaf.apply(world.repository, Push(branch=BRANCH, sha=sha, expected=None), run_id=RUN)

    assert not (await push(world, sha)).wrote


async def test_git_waits_for_a_fresh_token(world: World, base: str) -> None:
    await world.switch("fresh_token_lag", seconds=5)
    sha = await world.commit(base)

    await push(world, sha)

    assert await head(world) == sha


async def test_our_branch_is_deleted_once(world: World) -> None:
    sha = await world.push_work()
    effect = DeleteBranch(branch=BRANCH, expected=sha)

    first, again = await world.apply(effect), await world.apply(effect)

    assert (await head(world), first.wrote, again.wrote) == (None, True, False)


async def test_a_branch_that_somebody_pushed_to_is_not_deleted(world: World, base: str) -> None:
    sha = await world.push_work()

    with pytest.raises(EffectRefused) as refused:
        await world.apply(DeleteBranch(branch=BRANCH, expected=base))
    assert refused.value.kind == "branch_moved"
    assert await head(world) == sha


async def test_no_branch_but_our_own_is_ever_deleted(world: World, base: str) -> None:
    with pytest.raises(EffectRefused):
        await world.apply(DeleteBranch(branch="main", expected=base))
