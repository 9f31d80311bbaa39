"""The plan comment reads as in texts.md."""

import pytest

from bot.github.texts.plan import Waiting, plan_comment
from bot.runs import Amendment, Budget, Check, FileAction, Gate, Plan, PlannedFile, Publish, Step
from tests.github.runs import run

GATE = Gate(hash="3b7e90c2" * 8, base_sha="b" * 40, asked_at=0.0)
PLAN = Plan(
    summary='`parse("")` reads `text[0]` before checking the length.',
    decision="return an empty `Document`; do not raise.",
    files=(
        PlannedFile(
            glob="tests/test_parser.py", action=FileAction.CHANGE, purpose="add `test_empty`"
        ),
        PlannedFile(
            glob="src/acme/parser.py", action=FileAction.CHANGE, purpose="guard in `parse`"
        ),
    ),
    steps=(
        Step(description="Test in test_parser.py", check=Check(expected="fails on `main`")),
        Step(
            description="Guard in parser.py of src",
            check=Check(command="pytest", expected="passes"),
        ),
    ),
    not_covered=("`parse(None)`",),
    risks=("callers that catch `IndexError`",),
    estimate=Budget(usd=0.6),
)


def waiting(gate: Gate = GATE, publish: Publish = Publish.PR) -> Waiting:
    return Waiting(
        run=run(publish=publish), plan=PLAN, gate=gate, limit=Budget(usd=2.0, minutes=30)
    )


def test_a_plan_is_the_model_word_for_word() -> None:
    assert plan_comment(waiting()) == (
        "**Plan for #7: approve to start** · about $0.60, at most $2.00 and 30 min\n\n"
        '`parse("")` reads `text[0]` before checking the length.\n\n'
        "**Decision:** return an empty `Document`; do not raise.\n\n"
        "| change | check |\n|---|---|\n"
        "| `tests/test_parser.py`: add `test_empty` | fails on `main` |\n"
        "| `src/acme/parser.py`: guard in `parse` | `pytest` passes |\n\n"
        "No other file. Not covered: `parse(None)`. Risk: callers that catch `IndexError`.\n\n"
        "- [ ] Approve plan `3b7e90c2`\n\n"
        "To change it, reply `/coppice` and what you want."
    )


@pytest.mark.parametrize(
    ("owners", "not_requester", "said"),
    [
        (True, False, "Only owners of its files count (CODEOWNERS)."),
        (
            True,
            True,
            "Only owners of its files count (CODEOWNERS), `ana` who asked for it does not.",
        ),
        (False, True, "`ana` asked for it, and does not count."),
    ],
)
def test_a_plan_says_whose_word_it_takes(owners: bool, not_requester: bool, said: str) -> None:
    strict = {"owners": owners, "not_requester": not_requester}

    text = plan_comment(waiting().model_copy(update=strict))
    over = plan_comment(waiting(GATE.model_copy(update={"passed": True})).model_copy(update=strict))

    assert f"\n\n{said}\n\n- [ ] Approve plan" in text
    assert "count" not in over


def test_where_boxes_are_not_used_the_words_are_named() -> None:
    amended = GATE.model_copy(
        update={"amendment": Amendment(hash="ab12" * 16, paths=("BESIDE.md",), asked_at=0.0)}
    )

    plan = plan_comment(waiting(publish=Publish.PATCH))
    amendment = plan_comment(waiting(amended, Publish.COMMENT))

    assert "- [ ]" not in plan + amendment
    assert "To approve it, write `/coppice approve 3b7e90c2`." in plan
    assert "To approve it, write `/coppice approve ab12ab12`." in amendment
    assert amendment.endswith("Else write `/coppice reject`: the run ends, and its work is kept.")
