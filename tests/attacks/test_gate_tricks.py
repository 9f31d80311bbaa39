"""What a plan or a CODEOWNERS file says in odd spellings lets nobody past the gate."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.agent.runtime import AgentContext, AgentEvent, AgentTask, Finished, FinishReason
from bot.engine.gates import approvals, codeowners
from bot.engine.gates.plans import PlanActs
from bot.engine.gates.plans import Waiting as Waiting_
from bot.github.texts.plan import Waiting, plan_comment
from bot.pipeline import risk
from bot.pipeline.configuration import load
from bot.pipeline.contract import of_result
from bot.pipeline.story import Story
from bot.runs import Amendment, FileAction, Gate, Plan, StageKind, StageStatus
from bot.runs.plan import PlannedFile, Step
from tests.attacks.rendered import live
from tests.github.runs import run
from tests.pipeline.desk import Act, desk, says, writes
from tests.worktree.rooms import Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


PATTERNS: dict[str, Any] = {
    "summary": "The price is wrong.",
    "steps": [{"description": "Mend it."}],
    "files": [
        {"glob": "src/shop.py", "action": "change", "purpose": "the price"},
        {"glob": "src/*.py", "action": "add", "purpose": "what it takes"},
        {"glob": "re[q]uirements.txt", "action": "add", "purpose": "what it takes"},
    ],
}


def plan(*globs: str, action: FileAction = FileAction.ADD) -> Plan:
    files = tuple(PlannedFile(glob=glob, action=action, purpose="why") for glob in globs)
    return Plan(summary="s", steps=(Step(description="do it"),), files=files)


@pytest.mark.parametrize(
    ("text", "path", "owners"),
    [
        ("* @security\ndocs/* @writer\n", "docs/keys/x.md", {"@security"}),
        ("* @security\ndocs/* @writer\n", "docs/x.md", {"@writer"}),
        ("* @all\nmy\\ keys/ @security\n", "my keys/x", {"@security"}),
        ("* @all\na\\#b @security # the odd one\n", "a#b", {"@security"}),
        ("* @all\n/src/auth/ @security\n", "src/auth/x.py", {"@security"}),
    ],
)
def test_owners_are_those_whom_github_takes(text: str, path: str, owners: set[str]) -> None:
    assert codeowners.owners(text, [path]) == {path: owners}


def test_a_line_without_owners_takes_them_away() -> None:
    assert codeowners.owners("* @all\ngenerated/\n", ["generated/x"]) == {}


def test_the_name_of_a_file_mentions_nobody_where_it_is_why_a_plan_waits() -> None:
    odd = plan("src/auth`@org`.py", "pyproject`_#7_`.toml")
    gate = Gate(hash="3b7e", base_sha="a", asked_at=0.0, reasons=risk.reasons(odd))

    assert live(plan_comment(Waiting(run=run(), plan=odd, gate=gate)).replace("#7:", "")) == []


@pytest.mark.slow
@pytest.mark.parametrize(("gate", "held"), [("risky", True), ("never", False)])
async def test_a_pattern_does_not_hide_from_the_gate_what_it_lets_be_changed(
    room: Room, gate: str, held: bool
) -> None:
    here = await desk(room, says(PATTERNS))
    here.config = load(f"gate: {gate}\n")
    made = of_result((await here.attempt(StageKind.PLAN)).model_dump(mode="json"))
    assert made is not None
    assert risk.reasons(made.plan) == ()
    here.agency.agent.act = writes(
        src__shop_dot_py="PRICE = 2\n", src__auth_dot_py="x\n", requirements_dot_txt="x\n"
    )
    await here.attempt(StageKind.IMPLEMENT)

    result = await here.attempt(StageKind.RULES, 2, plan=made)

    asked = ["requirements.txt", "src/auth.py"] if held else []
    assert (result.blocked, result.data.get("outside", [])) == (held, asked)


@dataclass
class Lost:
    """A run's story without the rules that were frozen at its start."""

    async def story(self, run_id: str) -> Story:
        kinds = {"plan": StageKind.PLAN}
        return Story(run=run(), stages=(), config=None, box="", agent_label=None, kinds=kinds)


async def test_lost_rules_are_not_the_defaults() -> None:
    acts = PlanActs(Lost(), None)  # type: ignore[arg-type]

    waiting = Waiting_.model_validate(await acts.look("4f9a1c0d2e3f"))

    assert not waiting.passed
    assert waiting.outcome.error is not None
    assert waiting.outcome.error.kind == "no_rules"


SHOP: dict[str, Any] = {
    "summary": "The price is wrong.",
    "steps": [{"description": "Mend it."}],
    "files": [{"glob": "src/shop.py", "action": "change", "purpose": "the price"}],
}


def takes_away(how: str) -> Act:
    """Leave nothing of a file of which the plan says that it is changed."""

    def act(task: AgentTask, context: AgentContext) -> Sequence[AgentEvent]:
        path = context.mounts[0].source / "src/shop.py"
        path.unlink() if how == "deleted" else path.write_text("")
        return [Finished(reason=FinishReason.DONE, message="Done.")]

    return act


@pytest.mark.parametrize("how", ["deleted", "emptied"])
async def test_a_change_that_leaves_nothing_of_a_file_is_asked_for(room: Room, how: str) -> None:
    here = await desk(room, says(SHOP))
    made = of_result((await here.attempt(StageKind.PLAN)).model_dump(mode="json"))
    here.agency.agent.act = takes_away(how)
    await here.attempt(StageKind.IMPLEMENT)

    first = await here.attempt(StageKind.RULES, plan=made)
    second = await here.attempt(StageKind.RULES, 2, plan=made)

    assert (first.status, first.blocked) == (StageStatus.FAILED, False)
    assert "the plan does not say that it goes away" in first.summary
    assert second.blocked
    assert (second.data["outside"], second.data["gone"]) == (["src/shop.py"], ["src/shop.py"])


@pytest.mark.parametrize(("gate", "action"), [("never", "change"), ("risky", "delete")])
async def test_what_may_go_goes(room: Room, gate: str, action: str) -> None:
    files = [{"glob": "src/shop.py", "action": action, "purpose": "the price"}]
    here = await desk(room, says({**SHOP, "files": files}))
    here.config = load(f"gate: {gate}\n")
    made = of_result((await here.attempt(StageKind.PLAN)).model_dump(mode="json"))
    here.agency.agent.act = takes_away("deleted")
    await here.attempt(StageKind.IMPLEMENT)

    assert (await here.attempt(StageKind.RULES, plan=made)).status is StageStatus.PASSED


@pytest.mark.parametrize(
    ("approved_gone", "taken_away", "asks"),
    [((), True, True), ((), False, False), (("src/shop.py",), True, False)],
)
async def test_an_approved_change_is_no_leave_to_take_the_file_away(
    room: Room, approved_gone: tuple[str, ...], taken_away: bool, asks: bool
) -> None:
    files = [{"glob": "docs/other.md", "action": "add", "purpose": "the words"}]
    here = await desk(room, says({**SHOP, "files": files}))
    made = of_result((await here.attempt(StageKind.PLAN)).model_dump(mode="json"))
    wanted = Amendment(hash="ab12", paths=("src/shop.py",), gone=approved_gone, asked_at=0.0)
    gate = Gate(hash="3b7e", base_sha="a", asked_at=0.0, amendment=wanted)
    here.work = here.work.model_copy(update={"gate": approvals.passed(gate)})
    changes = writes(**{"src__shop.py": "price = 2\n"})
    here.agency.agent.act = takes_away("deleted") if taken_away else changes
    await here.attempt(StageKind.IMPLEMENT)

    second = await here.attempt(StageKind.RULES, 2, plan=made)

    assert second.data.get("gone", []) == (["src/shop.py"] if asks else [])
    assert second.blocked is asks


def test_whoever_approves_a_change_again_takes_back_that_the_file_may_go() -> None:
    def asked(gate: Gate, *gone: str) -> Gate:
        wanted = Amendment(hash="ab12", paths=("a.py",), gone=gone, asked_at=0.0)
        return approvals.passed(gate.model_copy(update={"amendment": wanted}))

    gone = asked(Gate(hash="3b7e", base_sha="a", asked_at=0.0), "a.py")
    changed = asked(gone)

    assert (gone.amended, gone.amended_gone) == (("a.py",), ("a.py",))
    assert (changed.amended, changed.amended_gone) == (("a.py",), ())


def test_an_amendment_says_what_goes_away() -> None:
    wanted = Amendment(hash="ab12" * 16, paths=("a.py", "b.py"), gone=("b.py",), asked_at=0.0)
    gate = Gate(hash="3b7e", base_sha="a", asked_at=0.0, amendment=wanted)

    shown = plan_comment(Waiting(run=run(), plan=plan("a.py"), gate=gate))

    assert "The work also changes `b.py` (nothing is left), `a.py`." in shown
