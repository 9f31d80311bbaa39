"""Each state has its buttons, and those that decide name what they decide on."""

import pytest

from bot.github.texts import checks
from bot.runs import Amendment, Button, Gate, Overlap, Rival, RunStatus, Work
from tests.github.runs import run

HASH = "3b7e90c2" * 8
GATE = Gate(hash=HASH, base_sha="b" * 40, asked_at=0.0)
BESIDE = GATE.model_copy(update={"amendment": Amendment(hash=HASH, paths=("a",), asked_at=0.0)})
RIVALS = Overlap(hash=HASH, rivals=(Rival(number=12, author="raj"),), asked_at=0.0)


def shown(buttons: tuple[Button, ...]) -> list[tuple[str, str]]:
    return [(button.label, button.identifier) for button in buttons]


@pytest.mark.parametrize(
    ("work", "wanted"),
    [
        (Work(gate=GATE, plan_hash=HASH), ["Approve", "Reject", "Stop"]),
        (Work(gate=BESIDE, plan_hash=HASH), ["Amend", "Reject", "Stop"]),
        (Work(overlap=RIVALS, plan_hash=HASH), ["Go on", "Stop"]),
    ],
)
def test_what_decides_names_what_waits(work: Work, wanted: list[str]) -> None:
    found = shown(checks.buttons(run(status=RunStatus.WAITING, work=work)))

    assert [label for label, _ in found] == wanted
    assert found[0][1] == "approve-3b7e90c2"
    assert found[-1] == ("Stop", "stop")
    assert all(name in ("reject-3b7e90c2", "stop") for _, name in found[1:])


def test_no_state_has_more_buttons_than_github_takes() -> None:
    assert all(len(each) <= 3 for each in checks.BUTTONS.values())
