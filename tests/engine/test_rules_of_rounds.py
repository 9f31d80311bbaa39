"""What is decided on plain data: risks, approvals, suggestions, answers, verdicts of CI."""

import pytest

from bot.engine.gates import approvals, codeowners
from bot.engine.rounds.answering import Did, answers
from bot.engine.rounds.ci import Verdict, excerpt, verdicts
from bot.engine.rounds.suggestions import Suggestion, applied, suggested
from bot.github.ci import Check
from bot.github.conversations import ReviewThread, ThreadComment, Writer
from bot.pipeline import risk
from bot.runs import FileAction, Gate, Message, MessageKind, Permission, Person, Plan
from bot.runs.plan import PlannedFile, Step

GATE = Gate(hash="3b7e" + "0" * 60, base_sha="a" * 40, asked_at=0.0)


def plan(*globs: str, action: FileAction = FileAction.CHANGE) -> Plan:
    files = tuple(PlannedFile(glob=glob, action=action, purpose="why") for glob in globs)
    return Plan(summary="s", steps=(Step(description="do it"),), files=files)


def approve(hash_: str | None, by: str = "ana", by_id: int = 5) -> Message:
    return Message(kind=MessageKind.APPROVE, by=by, by_id=by_id, hash=hash_)


@pytest.mark.parametrize(
    "glob",
    [
        "pyproject.toml",
        "web/package-lock.json",
        ".github/actions/x/action.yml",
        "db/migrations/0007_add.py",
        "src/auth/session.py",
        "src/**",
        "Dockerfile",
        "keys/site.pem",
    ],
)
def test_what_cannot_be_judged_by_a_glance_waits(glob: str) -> None:
    assert risk.reasons(plan(glob)) != ()


def test_a_plain_change_of_code_does_not_wait() -> None:
    assert risk.reasons(plan("src/parser.py", "tests/test_parser.py")) == ()


def test_deleting_and_many_files_wait() -> None:
    assert "deletes" in risk.reasons(plan("src/old.py", action=FileAction.DELETE))[0]
    assert "is large" in risk.reasons(plan(*(f"src/{n}.py" for n in range(11))))[0]


@pytest.mark.parametrize(
    ("hash_", "held", "why"),
    [
        ("3b7e", Permission.WRITE, None),
        ("3B7E", Permission.MAINTAIN, None),
        ("3b7f", Permission.WRITE, "another plan"),
        ("3b7", Permission.WRITE, "another plan"),
        (None, Permission.ADMIN, "another plan"),
        ("3b7e", Permission.TRIAGE, "needs write access"),
        ("3b7e", Permission.NONE, "needs write access"),
    ],
)
def test_an_approval_binds_hash_and_permission(
    hash_: str | None, held: Permission, why: str | None
) -> None:
    found = approvals.refusal(GATE, approve(hash_), held, approvals.Rules())

    assert (found is None) if why is None else (why in str(found))


def test_the_requester_does_not_count_where_that_is_said() -> None:
    rules = approvals.Rules(requester=Person(id=5, login="ana"))

    assert approvals.refusal(GATE, approve("3b7e"), Permission.ADMIN, rules) is not None
    assert approvals.refusal(GATE, approve("3b7e", "bob", 6), Permission.WRITE, rules) is None


def test_the_last_line_of_codeowners_decides() -> None:
    text = "* @all\n/docs/ @writers # words\nsrc/*.py @ana @org/team\n*.md @bob\n"

    assert codeowners.owners(text, ["src/x.py", "docs/a/b.txt", "docs/a.md", "lib/x.c"]) == {
        "src/x.py": {"@ana", "@org/team"},
        "docs/a/b.txt": {"@writers"},
        "docs/a.md": {"@bob"},
        "lib/x.c": {"@all"},
    }


def test_suggestions_go_in_as_they_are_from_the_bottom() -> None:
    one = Suggestion(thread="a", first=2, last=3, text="two and three\n")
    two = Suggestion(thread="b", first=5, last=5, text="")
    over = Suggestion(thread="c", first=3, last=4, text="no\n")
    beyond = Suggestion(thread="d", first=9, last=9, text="no\n")

    text, taken = applied("1\n2\n3\n4\n5\n", [one, two, over, beyond])

    assert (text, taken) == ("1\ntwo and three\n4\n", ["a", "b"])


def test_a_suggestion_goes_to_the_line_that_git_counts() -> None:
    third = Suggestion(thread="a", first=3, last=3, text="THREE\n")

    text, taken = applied("one\n\x0ctwo\u2028still two\nthree\n", [third])

    assert (text, taken) == ("one\n\x0ctwo\u2028still two\nTHREE\n", ["a"])


def test_a_suggestion_keeps_the_line_endings_of_its_file() -> None:
    first = Suggestion(thread="a", first=1, last=1, text="ONE\nand a half\n")
    last = Suggestion(thread="b", first=3, last=3, text="THREE\n")

    text, _ = applied("one\r\ntwo\r\nthree", [first, last])

    assert text == "ONE\r\nand a half\r\ntwo\r\nTHREE"


def test_a_suggestion_is_read_with_whatever_fence_it_has() -> None:
    assert suggested("Rather:\n```suggestion\nx = 1\n```\nfine?") == "x = 1\n"
    assert suggested("````suggestion\n```\n````") == "```\n"
    assert suggested("```python\nx\n```") is None
    assert suggested("```suggestion\na\n```\n```suggestion\nb\n```") is None


def thread(name: str, path: str = "a.py") -> ReviewThread:
    ana = Writer(id=5, login="ana", bot=False)
    said = ThreadComment(id=1, author=ana, body="x", at="", review="r", pending=False)
    return ReviewThread(
        id=name,
        path=path,
        line=1,
        start_line=None,
        original_line=1,
        side="RIGHT",
        resolved=False,
        outdated=False,
        hunk="@@",
        comments=(said,),
    )


def test_every_thread_gets_an_answer_whatever_the_agent_says() -> None:
    asked = [thread("a"), thread("b"), thread("c", "b.py"), thread("d", "c.py")]
    said = "Done.\n1: fixed: renamed it\n- 2: declined because it is public\n9: fixed nonsense"

    found = answers(asked, said, changed={"b.py"}, suggested=["e"])

    assert {each.thread: each.did for each in found} == {
        "a": Did.FIXED,
        "b": Did.DECLINED,
        "c": Did.FIXED,
        "d": Did.QUESTION,
        "e": Did.FIXED,
    }
    assert [each.words for each in found if each.thread == "b"] == ["it is public"]


def check(name: str, conclusion: str | None, text: str = "") -> Check:
    return Check(
        name=name, completed=conclusion is not None, conclusion=conclusion, text=text, suite=1
    )


@pytest.mark.parametrize(
    ("tries", "on_base", "verdict"),
    [
        ([check("t", "success")], set(), Verdict.PASSED),
        ([check("t", "failure")], set(), Verdict.REAL),
        ([check("t", "failure"), check("t", "success")], set(), Verdict.FLAKY),
        ([check("t", "failure")], {"t"}, Verdict.FLAKY),
        ([check("t", "failure"), check("t", None)], set(), Verdict.PENDING),
        ([check("t", "timed_out")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "cancelled")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "failure", "No space left on device")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "action_required")], set(), Verdict.PERSON),
        ([check("t", "neutral")], set(), Verdict.PASSED),
    ],
)
def test_a_failing_check_is_named_for_what_it_is(
    tries: list[Check], on_base: set[str], verdict: Verdict
) -> None:
    assert verdicts(tries, on_base) == {"t": verdict}


def test_the_log_is_cut_around_its_last_error() -> None:
    lines = [f"2026-01-02T03:04:05.678Z line {n}" for n in range(500)]
    lines[300] = "2026-01-02T03:04:05.678Z E   AssertionError: 1 != 2"

    found = excerpt("\n".join(lines)).splitlines()

    assert "E   AssertionError: 1 != 2" in found
    assert len(found) <= 80
    assert "line 499" not in found
