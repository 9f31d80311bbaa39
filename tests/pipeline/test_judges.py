"""Nobody edits tests or the CI's configuration to get green, on our own pull requests either."""

from typing import Any

import pytest

from bot.runs import Round, StageKind, StageStatus
from tests.pipeline.desk import desk, writes
from tests.worktree.rooms import Room

pytestmark = pytest.mark.slow

THERE = {
    "tests/test_a.py": "assert 1 == 2\n",
    ".gitlab-ci.yml": "a: b\n",
    "src/new.py": "x\n",
    "pytest.ini": "[pytest]\npython_files = *_probe.py\n",
    "src/cart_probe.py": "assert 1 == 2\n",
}


async def judged(room: Room, path: str, attempt: int = 2, **begun: Any) -> Any:
    """Let an agent write a file in a round on our own pull request, and hold that to the rules."""
    name = path.replace("/", "__").replace(".", "_dot_")
    here = await desk(room, writes(**{name: "assert True\n"}))
    room.hub.commit(THERE)
    head = await room.fetch()
    round_ = Round(number=1, old=head, **{"checks": ("unit",), **begun})
    here.work = here.work.model_copy(
        update={"start_sha": here.base, "pushed": head, "checkpoint": head, "round": round_}
    )
    await here.attempt(StageKind.IMPLEMENT)
    return await here.attempt(StageKind.RULES, attempt)


@pytest.mark.parametrize(
    "path",
    ["tests/test_a.py", ".gitlab-ci.yml", "src/cart_probe.py", "pytest.ini", "src/conftest.py"],
)
async def test_a_round_for_red_checks_leaves_what_judges_as_it_is(room: Room, path: str) -> None:
    result = await judged(room, path)

    assert (result.error.kind, result.blocked) == ("rules:tests", True)
    assert "`/coppice fix tests=allow` would let it" in result.error.message


async def test_the_agent_is_told_once_to_take_it_back(room: Room) -> None:
    result = await judged(room, "tests/test_a.py", 1)

    assert (result.status, result.blocked) == (StageStatus.FAILED, False)
    assert "Take back what you did to these files:\n- tests/test_a.py" in result.summary


@pytest.mark.parametrize(
    ("path", "begun"),
    [
        ("tests/test_a.py", {"tests": True}),
        ("tests/test_a.py", {"checks": ()}),
        ("tests/test_a.py", {"conflicts": ("tests/test_a.py",)}),
        ("tests/test_b.py", {}),
        ("src/new.py", {}),
    ],
    ids=["somebody said so", "no check fails", "a conflict is in it", "a new test", "no test"],
)
async def test_all_else_goes_through(room: Room, path: str, begun: Any) -> None:
    assert (await judged(room, path, **begun)).status is StageStatus.PASSED
