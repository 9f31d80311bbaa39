"""What is decided on plain data: risks, approvals, suggestions, answers, verdicts of CI."""

import pytest

from bot.engine.gates import approvals, codeowners
from bot.engine.rounds.answering import Did, answers
from bot.engine.rounds.ci import Verdict, excerpt, judge
from bot.engine.rounds.reading import CiState
from bot.engine.rounds.suggestions import Suggestion, applied, meant, suggested
from bot.github.ci import Check
from bot.github.conversations import ReviewThread, ThreadComment, Writer
from bot.pipeline import risk
from bot.runs import (
    Amendment,
    Approval,
    FileAction,
    Gate,
    Message,
    MessageKind,
    Permission,
    Person,
    Plan,
)
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
        ".pre-commit-config.yaml",
        ".envrc",
        "a/.mise.toml",
        "mise.local.toml",
        ".gitattributes",
        "web/.npmrc",
        ".run/all.run.xml",
        "src/sitecustomize.py",
        "gradlew",
        "keys/site.pem",
    ],
)
def test_what_cannot_be_judged_by_a_glance_waits(glob: str) -> None:
    assert risk.reasons(plan(glob)) != ()


def test_a_plain_change_of_code_does_not_wait() -> None:
    ordinary = ("src/parser.py", "tests/test_parser.py", "src/promise.toml", "docs/.env.example")
    assert risk.reasons(plan(*ordinary)) == ()


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
        (None, Permission.ADMIN, "it names none, and this one was not there to read yet"),
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


def test_what_counted_once_is_looked_at_again_when_it_lets_the_work_begin() -> None:
    people = [Person(id=n, login=name) for n, name in enumerate(("ana", "bob", "eve"), 5)]
    given = [Approval(by=by, hash="3b7e", base_sha="b", at=1.0) for by in people]
    held = [Permission.ADMIN, Permission.WRITE, Permission.TRIAGE]

    now = approvals.still_counting(given, held, None)
    strictly = approvals.still_counting(given, held, people[0])

    assert [a.by.login for a in now] == ["ana", "bob"]
    assert [a.by.login for a in strictly] == ["bob"]


def test_what_is_asked_again_has_its_whole_time_again() -> None:
    amending = GATE.model_copy(
        update={"amendment": Amendment(hash="ab12" * 16, paths=("b.py",), asked_at=0.0)}
    )

    for gate in (GATE, amending):
        again = approvals.moved(gate, "main moved", 7.0, "b" * 40)
        assert (approvals.asks(again).asked_at, again.base_sha) == (7.0, "b" * 40)
    assert approvals.voided(GATE, "edited", 7.0).asked_at == 7.0


def test_the_last_line_of_codeowners_decides() -> None:
    text = "* @all\n/docs/ @writers # words\nsrc/*.py @ana @org/team\n*.md @bob\n"

    assert codeowners.owners(text, ["src/x.py", "docs/a/b.txt", "docs/a.md", "lib/x.c"]) == {
        "src/x.py": {"@ana", "@org/team"},
        "docs/a/b.txt": {"@writers"},
        "docs/a.md": {"@bob"},
        "lib/x.c": {"@all"},
    }


def suggestion(thread: str, first: int, last: int, text: str, *before: str) -> Suggestion:
    return Suggestion(thread=thread, first=first, last=last, text=text, before=before)


def test_suggestions_go_in_as_they_are_from_the_bottom() -> None:
    one = suggestion("a", 2, 3, "two and three\n", "2", "3")
    two = suggestion("b", 5, 5, "", "5")
    over = suggestion("c", 3, 4, "no\n", "3", "4")
    beyond = suggestion("d", 9, 9, "no\n", "9")

    text, taken = applied("1\n2\n3\n4\n5\n", [one, two, over, beyond])

    assert (text, taken) == ("1\ntwo and three\n4\n", ["a", "b"])


def test_a_suggestion_for_lines_that_read_otherwise_now_is_left_out() -> None:
    moved = suggestion("a", 2, 3, "no\n", "2", "III")

    assert applied("1\n2\n3\n", [moved]) == ("1\n2\n3\n", [])


def test_a_suggestion_goes_to_the_line_that_git_counts() -> None:
    third = suggestion("a", 3, 3, "THREE\n", "three")

    text, taken = applied("one\n\x0ctwo\u2028still two\nthree\n", [third])

    assert (text, taken) == ("one\n\x0ctwo\u2028still two\nTHREE\n", ["a"])


def test_a_suggestion_keeps_the_line_endings_of_its_file() -> None:
    first = suggestion("a", 1, 1, "ONE\nand a half\n", "one\r")
    last = suggestion("b", 3, 3, "THREE\n", "three")

    text, _ = applied("one\r\ntwo\r\nthree", [first, last])

    assert text == "ONE\r\nand a half\r\ntwo\r\nTHREE"


def test_a_suggestion_is_read_with_whatever_fence_it_has() -> None:
    assert suggested("Rather:\n```suggestion\nx = 1\n```\nfine?") == "x = 1\n"
    assert suggested("```suggestion\r\nx = 1\r\n```\r\n") == "x = 1\n"
    assert suggested("```suggestion\n```") == ""
    assert suggested("````suggestion\n```\n````") == "```\n"
    assert suggested("```python\nx\n```") is None
    assert suggested("```suggestion\na\n```\n```suggestion\nb\n```") is None


@pytest.mark.parametrize(
    "body",
    [
        "````md\n```suggestion\nx\n```\n````",
        "> ```suggestion\n> x\n> ```",
        "<!--\n```suggestion\nx\n```\n-->",
        "    ```suggestion\n    x\n    ```",
        "```suggestions\nx\n```",
    ],
)
def test_a_suggestion_that_is_only_shown_is_none(body: str) -> None:
    assert suggested(body) is None


def test_the_lines_that_a_suggestion_is_meant_for_are_the_last_of_its_hunk() -> None:
    hunk = "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\r\n+three"

    assert meant(hunk, 2) == ("TWO", "three")
    assert meant(hunk, 4) is None
    assert meant("", 1) is None


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


def check(
    name: str, conclusion: str | None, text: str = "", *, suite: int = 1, app: str | None = "ci"
) -> Check:
    return Check(
        name=name,
        completed=conclusion is not None,
        conclusion=conclusion,
        text=text,
        suite=suite,
        app=app,
    )


@pytest.mark.parametrize(
    ("tries", "on_base", "verdict"),
    [
        ([check("t", "success")], set(), Verdict.PASSED),
        ([check("t", "failure")], set(), Verdict.REAL),
        ([check("t", "failure"), check("t", "success")], set(), Verdict.FLAKY),
        ([check("t", "failure")], {"t"}, Verdict.BASE),
        ([check("t", "failure"), check("t", "success")], {"t"}, Verdict.FLAKY),
        ([check("t", "timed_out")], {"t"}, Verdict.BASE),
        ([check("t", "failure"), check("t", None)], set(), Verdict.PENDING),
        ([check("t", "timed_out")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "timed_out"), check("t", "timed_out")], set(), Verdict.REAL),
        ([check("t", "timed_out"), check("t", "timed_out")], {"t"}, Verdict.BASE),
        ([check("t", "failure"), check("t", "timed_out")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "timed_out"), check("t", "success")], set(), Verdict.FLAKY),
        ([check("t", "cancelled")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "stale")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "startup_failure")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "error")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "failure", "No space left on device")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "failure", "fatal: error: rate limit")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "failure", "FAILED test_rate limit")], set(), Verdict.REAL),
        ([check("t", "failure", "502 Bad Gateway")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "failure", "status code 503 from https://h")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "failure", "returned error: 504\n")], set(), Verdict.INFRASTRUCTURE),
        ([check("t", "failure", "Tests: 502 total, exit 1")], set(), Verdict.REAL),
        ([check("t", "failure", "Failure after 1503 ms")], set(), Verdict.REAL),
        ([check("t", "failure", "error at line 504 of x")], set(), Verdict.REAL),
        ([check("t", "action_required")], set(), Verdict.PERSON),
        ([check("t", "neutral")], set(), Verdict.PASSED),
        ([check("t", "skipped")], set(), Verdict.PASSED),
    ],
)
def test_a_failing_check_is_named_for_what_it_is(
    tries: list[Check], on_base: set[str], verdict: Verdict
) -> None:
    (found,) = judge(tries, {("ci", name) for name in on_base})
    assert (found.check.name, found.verdict, found.tries) == ("t", verdict, len(tries))


def told(*checks: Check) -> dict[str, Verdict]:
    return {each.check.name: each.verdict for each in judge(checks, set())}


def test_two_apps_may_have_a_check_of_one_name() -> None:
    red, green = check("t", "failure", app="a", suite=1), check("t", "success", app="b", suite=2)

    assert told(red, green) == {"t (a)": Verdict.REAL, "t (b)": Verdict.PASSED}


def test_two_workflows_may_call_a_job_alike() -> None:
    red, green = check("t", "failure", suite=1), check("t", "success", suite=2)

    found = [(each.check.suite, each.verdict) for each in judge([red, green], set())]
    assert found == [(1, Verdict.REAL), (2, Verdict.PASSED)]


def test_what_a_newer_run_has_taken_the_place_of_is_told_no_more() -> None:
    old, new = check("t", "cancelled", suite=1), check("t", "success", suite=2)

    assert [each.check.suite for each in judge([old, new], set())] == [2]


def test_what_is_under_way_hides_only_what_fails_beside_it() -> None:
    red, other = check("a", "failure", suite=1), check("d", "failure", suite=2)
    checks = (red, check("b", None, suite=1), other, check("c", None, suite=3))
    state = CiState(judged=tuple(judge(checks, set())))

    assert state.pending
    assert [each.name for each in state.ripe.failing] == ["d"]
    assert state.ripe.suites == {2}


@pytest.mark.parametrize(
    ("conclusion", "text", "again"),
    [
        ("failure", "", True),
        ("timed_out", "", True),
        ("failure", "No space left on device", True),
        ("cancelled", "", False),
        ("stale", "", False),
        ("startup_failure", "", False),
        ("action_required", "", False),
        ("success", "", False),
    ],
)
def test_what_may_end_otherwise_runs_once_more(conclusion: str, text: str, again: bool) -> None:
    state = CiState(judged=tuple(judge([check("t", conclusion, text, suite=7)], set())))

    assert state.suites == ({7} if again else set())


def test_the_log_is_cut_around_its_last_error() -> None:
    lines = [f"2026-01-02T03:04:05.678Z line {n}" for n in range(500)]
    lines[300] = "2026-01-02T03:04:05.678Z E   AssertionError: 1 != 2"

    found = excerpt("\n".join(lines)).splitlines()

    assert "E   AssertionError: 1 != 2" in found
    assert len(found) <= 80
    assert "line 499" not in found
