"""Real agent programs, from npm by exact version, each through attempts in the box at level 3.

The model behind them is scripted: this shows that they start, speak, obey and end, not how clever
they are. Without RUNS it is Codex alone, three times, as in CI; `make agents AGENTS=…` and
`make real RUNS=20` do all.
"""

import os
from pathlib import Path

import pytest

from bot.agent.profiles import BUILT_IN, AgentProtocol
from bot.agent.runtime import (
    Finished,
    FinishReason,
    PermissionDecided,
    Role,
    Started,
    ToolFinished,
)
from bot.runs import Budget
from bot.scripted_model import Step
from tests.real.agent_world import World, need
from tests.real.counting import ATTEMPT, counting

pytestmark = pytest.mark.database

IN_CI = ("codex", "codex-headless")
"""Claude Code is not among them: its licence reserves all rights, and nobody accepts it in CI."""
RUNS = int(os.environ.get("RUNS") or 0)
NAMES = tuple(BUILT_IN) if RUNS else IN_CI
ACP = tuple(name for name in NAMES if BUILT_IN[name].protocol is AgentProtocol.ACP)
HELLO = Step(write="hello.py", text="print('hello from the box')\n")
RUN = Step(shell="python3 hello.py")


def world(root: Path, name: str, **more: object) -> World:
    need(name)
    return World(root=root, name=name, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", range(RUNS or 3))
@pytest.mark.parametrize("name", NAMES)
async def test_it_does_what_its_model_says(
    tmp_path: Path, request: pytest.FixtureRequest, name: str, n: int
) -> None:
    real = world(tmp_path, name)

    with counting(request, ATTEMPT, name):
        end = await real.play([HELLO, RUN])

    assert end == Finished(reason=FinishReason.DONE, message="All done.")
    assert (real.tree / "hello.py").read_text() == HELLO.text
    assert [finished.ok for finished in real.of(ToolFinished)][-1:] == [True]
    assert len(real.of(Started)) == 1
    assert real.spend.calls >= 3
    assert real.spend.usd > 0


@pytest.mark.parametrize("name", ACP)
async def test_it_asks_and_obeys(tmp_path: Path, name: str) -> None:
    real = world(tmp_path, name)
    (real.tree / "precious").mkdir()
    (real.tree / "precious" / "x").touch()

    await real.play([Step(shell="rm -rf ./precious")])

    assert {decided.allowed for decided in real.of(PermissionDecided)} == {False}
    assert (real.tree / "precious" / "x").exists()


@pytest.mark.parametrize("name", NAMES)
async def test_a_reader_changes_nothing_and_answers_in_its_form(tmp_path: Path, name: str) -> None:
    real = world(tmp_path, name)

    end = await real.play(
        [HELLO, Step(shell="ls")],
        final='Here it is:\n\n```json\n{"summary": "x"}\n```',
        role=Role.PLAN,
        answer={"type": "object", "properties": {"summary": {"type": "string"}}},
    )

    assert (end.answer, real.files) == ({"summary": "x"}, [])


@pytest.mark.parametrize("name", NAMES)
async def test_at_the_budgets_end_its_work_is_kept(tmp_path: Path, name: str) -> None:
    real = world(tmp_path, name, limits=Budget(turns=2))

    end = await real.play([HELLO, *[RUN] * 20])

    assert (end.reason, end.kind) == (FinishReason.LIMIT, "budget")
    assert end.message.startswith("budget reached")
    assert real.spend.calls <= 2


@pytest.mark.parametrize("name", NAMES)
async def test_a_refused_key_ends_it_at_once(tmp_path: Path, name: str) -> None:
    real = world(tmp_path, name, key="sk-right-but-not-ours")

    end = await real.play([HELLO])

    assert (end.reason, end.kind) == (FinishReason.ERROR, "model_key")
    assert end.message.startswith("the model key is refused")
    assert real.files == []


@pytest.mark.parametrize("name", NAMES)
async def test_no_key_and_nothing_of_the_host_is_in_its_reach(tmp_path: Path, name: str) -> None:
    real = world(tmp_path, name, key="sk-right")
    steps = [Step(shell="env; cat /proc/*/environ; ls -a ~ /root /work; cat /proc/net/tcp")]

    await real.play([*steps, Step(shell="env > env.txt; true")])

    told = repr(real.events) + "".join(
        path.read_text() for path in real.tree.iterdir() if path.is_file()
    )
    assert "sk-right" not in told
    assert str(Path.home()) + "/." not in told
    assert "HOME=/home/agent" in (real.tree / "env.txt").read_text()
