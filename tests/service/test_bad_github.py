"""What GitHub may answer: waited for, or named for what it is; everything once, nothing lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.service.once import everything_once
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def labelled(town: World, text: str = "A note.\n") -> int:
    issue = await town.issue()
    town.script(issue, [{"write": "NOTES.md", "text": text}])
    await town.label(issue)
    return issue


async def done(town: World, issue: int) -> None:
    """The run ends well, and everything of it is there once."""
    run = await town.ended(issue, seconds=150)
    assert run["status"] == "done", run["error"]
    await everything_once(town, run)


async def blocked(town: World, issue: int, kind: str) -> str:
    """The run ended blocked for this; answer its one comment."""
    run = await town.ended(issue)
    assert (run["status"], run["error"]["class"]) == ("blocked", kind), run["error"]
    (comment,) = await town.said(issue)
    return comment


@asynccontextmanager
async def protected(town: World, **rules: bool) -> AsyncIterator[None]:
    await town.switch("protect", branch="*", **rules)
    try:
        yield
    finally:
        await town.switch("unprotect", branch="*")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/issues/*/reactions"),
        ("GET", "/collaborators/*/permission"),
        ("GET", "/issues/*/comments"),
        ("POST", "/pulls"),
    ],
)
async def test_a_secondary_limit_is_waited_for(town: World, method: str, path: str) -> None:
    where = f"/repos/{town.repository}{path}"
    await town.fault(kind="secondary", method=method, path=where, times=1, seconds=2)

    issue = await labelled(town)

    await done(town, issue)


async def test_failures_and_lost_answers_leave_everything_once(town: World) -> None:
    there = f"/repos/{town.repository}"
    await town.fault(kind="error", method="POST", path=f"{there}/pulls", times=1)
    await town.fault(kind="error", method="POST", path=f"{there}/check-runs", times=1)
    await town.fault(
        kind="timeout_after", method="POST", path=f"{there}/issues/*/comments", times=1, seconds=1
    )

    issue = await labelled(town)

    await done(town, issue)


async def test_tokens_that_expire_or_are_not_known_yet(town: World) -> None:
    await town.switch("fresh_token_lag", seconds=2)
    await town.switch("expire_tokens")

    issue = await labelled(town)

    await done(town, issue)
    await town.switch("fresh_token_lag", seconds=0)


async def test_where_force_pushes_are_forbidden_the_work_has_a_branch_of_its_own(
    town: World,
) -> None:
    async with protected(town, force_pushes=True):
        issue = await labelled(town)
        run = await town.ended(issue)

    assert run["status"] == "done", run["error"]
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["head"]["ref"] == f"coppice/{issue}-{run['id'][:6]}-pr"


@pytest.mark.parametrize(
    ("rule", "kind", "word"),
    [
        ("pushes", "protected_branch", "Exempt `coppice/*`"),
        ("signatures", "signatures_required", "Coppice does not sign yet"),
        ("sign_off", "sign_off_required", "sign-off"),
    ],
)
async def test_a_rule_against_our_branch_is_named(
    town: World, rule: str, kind: str, word: str
) -> None:
    async with protected(town, **{rule: True}):
        comment = await blocked(town, await labelled(town), kind)

    assert word in comment
    assert "/coppice retry" in comment


async def test_push_protection_is_named(town: World) -> None:
    # The example key of Amazon's manual: a known placeholder to our rules, a key to the forge.
    issue = await labelled(town, "key = AKIAIOSFODNN7EXAMPLE\n")

    assert "push protection" in await blocked(town, issue, "push_protection")


@pytest.mark.parametrize("kept", [True, False], ids=["a token is kept", "no token is kept"])
async def test_a_permission_that_was_taken_back_is_named_and_a_retry_goes_on(
    town: World, *, kept: bool
) -> None:
    await town.switch("permissions", permissions={"checks": None})
    if not kept:
        await town.switch("expire_tokens")
    issue = await labelled(town)
    comment = await blocked(town, issue, "no_access")
    assert "The App lacks the permission `checks` for this" in comment

    await town.switch("permissions", permissions={"checks": "write"})
    await town.comment(issue, "/coppice retry")

    await town.until(
        lambda rows: any(row["issue"] == issue and row["status"] == "done" for row in rows)
    )


async def test_git_that_github_does_not_answer_is_tried_again(town: World) -> None:
    for path, method in (("info/refs", "GET"), ("git-upload-pack", "POST")):
        git = f"/{town.repository}.git/{path}"
        await town.fault(kind="error", method=method, path=git, times=1, status=503)

    issue = await labelled(town)

    await done(town, issue)
