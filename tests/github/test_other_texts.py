"""Pull request, check runs, refusals and commit messages read as in texts.md."""

import pytest

from bot.github.texts import answers, checks, commits
from bot.github.texts.players import Player
from bot.github.texts.pull_request import Evidence, pull_request_body, pull_request_title
from bot.github.texts.status import Status
from bot.runs import Gate, Permission, RunError, RunStatus, Spend, Work
from tests.github.runs import TRIGGER, result, run

WORK = Work(
    base_ref="main", base_sha="8c1d2e0" * 6, head_sha="a41b9f3" * 6, branch="coppice/7-4f9a1c"
)
LABEL = "SCRIPTED: no model"
LOOP = Player(role="implement", agent="loop")
SCRIPT = {"agent": "scripted", "label": LABEL}
BY_AI = "Written by an AI agent for `ana`"
BY_SCRIPT = "Written by a script for `ana` (SCRIPTED: no model)."
TRAILER = "Coppice-Run: 4f9a1c0d2e3f 0123"


def test_a_pull_request_shows_both_commits_and_what_nobody_checked() -> None:
    evidence = Evidence(
        run=run(work=WORK),
        base=(result(code=1, output="1 failed, 411 passed\nE IndexError: x"),),
        head=(result(output="412 passed in 3 s"), result("ruff")),
        failed_attempts=("`pytest` failed: IndexError",),
        attempts=2,
        agent_label=LABEL,
        box="bubblewrap, no network",
    )

    assert pull_request_body(evidence) == (
        "Closes #7\n\n"
        "| run by Coppice | `main` 8c1d2e0 | here a41b9f3 |\n|---|---|---|\n"
        "| `pytest` | fails: IndexError | 412 pass |\n| `ruff` | not run | passes |\n\n"
        "`main` is red without this: `pytest` failed: IndexError.\n\n"
        "Not checked: your CI.\n\n"
        "- [ ] Run CI\n- [ ] Ready for review\n\n"
        "<details><summary>Attempts</summary>\n\n"
        "Attempt 1: `pytest` failed: IndexError.\nAttempt 2: passed.\n"
        "Agent: `scripted`, SCRIPTED: no model. Box: bubblewrap, no network.\n"
        "Repeat: `git fetch origin coppice/7-4f9a1c && git switch -d a41b9f3 && pytest && ruff`\n"
        "</details>\n\n"
        "Written by a script for `ana` (SCRIPTED: no model)."
    )


def test_a_pull_request_without_commands_says_not_verified() -> None:
    body = pull_request_body(Evidence(run=run(work=WORK), box="none"))

    assert "**Not verified:** `.github/coppice.yml` names no commands" in body
    assert "passed" not in body


def test_a_title_closes_and_mentions_nothing_when_it_is_squashed() -> None:
    hostile = TRIGGER.model_copy(update={"title": "fixes #8 for @org/team\n/merge"})

    assert pull_request_title(run(trigger=hostile)) == "fixes no. 8 for org/team \\/merge"


def test_an_issue_without_a_title_gives_a_title_all_the_same() -> None:
    empty = TRIGGER.model_copy(update={"title": "\u200b"})

    assert pull_request_title(run(trigger=empty)) == "Resolve issue 7"


def test_a_pipe_in_a_command_does_not_break_the_table() -> None:
    head = (result("t", command="a | b"),)

    assert (
        "| `a \\| b` | not run | passes |" in checks.verify_check(run(work=WORK), head, ()).summary
    )


def test_the_verify_check_names_the_failure_and_shows_its_output() -> None:
    head = (result(code=None, problem="time limit of 600 s", output="``` @ana\n/merge"),)

    text = checks.verify_check(run(work=WORK), head, ())

    assert text.title == "pytest failed: time limit of 600 s"
    assert text.text == "`pytest`: time limit of 600 s, 1.5 s\n\n````\n``` @ana\n\\/merge\n````"


def test_verify_without_commands_is_not_passed() -> None:
    assert checks.verify_check(run(), (), ()).title == "Not verified"


def test_the_rules_check_lists_every_violation() -> None:
    violations = [("link", "a|b", "leads out to `/etc/passwd`"), ("size", "x", "50 MB")]

    text = checks.rules_check(violations, 2)

    assert text.title == "a|b: leads out to `/etc/passwd` (and 1 more)"
    assert text.summary.splitlines()[2:] == [
        "| `link` | `a\\|b` | leads out to `/etc/passwd` |",
        "| `size` | `x` | 50 MB |",
    ]


def test_the_check_run_has_only_the_button_that_works() -> None:
    failed = run(status=RunStatus.FAILED, error=RunError(kind="x", message="a < `b`"))

    assert checks.buttons(run()) == (checks.STOP,)
    assert checks.buttons(failed) == (checks.RETRY,)
    assert checks.buttons(run(status=RunStatus.DONE)) == ()
    assert checks.coppice_check(Status(run=failed, agent_label=None)).title == "Stopped: a < b"


def test_a_refusal_says_what_who_and_who_may() -> None:
    text = answers.needs_write("/coppice run", "raj", Permission.TRIAGE, "https://github.test/c/1")

    assert text == (
        "Not started: [`/coppice run` by `raj`](https://github.test/c/1) needs write access;"
        " `raj` has triage.\n\n- [ ] Start it for `raj` (write access)"
    )


def test_a_refusal_names_the_teams_that_may_start_as_well() -> None:
    text = answers.needs_write(
        "/coppice run", "raj", Permission.TRIAGE, also=answers.Starters(teams=("core",))
    )

    assert "needs write access or to be on team `core`; `raj` has triage." in text


def test_a_refused_act_has_the_same_shape_and_no_box() -> None:
    text = answers.needs("/coppice pause", "ana", Permission.WRITE, "maintain", "https://h/c/1")

    assert text == (
        "Not done: [`/coppice pause` by `ana`](https://h/c/1) needs maintain access;"
        " `ana` has write."
    )


def test_a_pull_request_tells_its_plan_its_cost_and_where_the_log_is() -> None:
    gate = Gate(hash="3b7e90c2" * 8, base_sha="b" * 40, asked_at=0.0, passed=True)
    work = WORK.model_copy(
        update={
            "gate": gate,
            "check_run_url": "https://h/r/3",
            "status_comment_url": "https://h/c/1",
        }
    )
    spend = Spend(calls=2, usd=0.63)

    body = pull_request_body(
        Evidence(run=run(work=work), box="none", spend=(("plan", "opus", spend),))
    )

    assert "<summary>Plan, attempts, $0.63</summary>" in body
    assert "Plan `3b7e90c2`; no file outside it." in body
    assert "Box: none. [Log](https://h/r/3) · [what the agent was given](https://h/c/1)" in body


def test_a_pull_request_says_where_a_readers_minutes_go() -> None:
    evidence = Evidence(
        run=run(work=WORK),
        summary="`parse` read `text[0]` first, @org/team. Fixes #3.",
        read_first=("src/acme/parser.py:41", "the only `behaviour` change, see #9."),
        box="none",
    )

    body = pull_request_body(evidence)

    assert body.startswith("Closes #7\n\n`parse` read `text[0]` first, org/team. Fixes no. 3.")
    assert (
        "\n\nRead first: `src/acme/parser.py:41`, the only `behaviour` change, see no. 9.\n" in body
    )
    assert "\nNot checked: your CI.\n" in body


def test_what_leaves_something_undone_closes_nothing() -> None:
    left = pull_request_body(Evidence(run=run(work=WORK), left=("The docs.",), box="none"))
    bad = pull_request_body(Evidence(run=run(work=WORK), good=False, box="none"))

    assert left.startswith("Part of #7\n")
    assert "Left: The docs.\n" in left
    assert bad.startswith("Part of #7\n")


def test_a_pull_request_links_its_patch() -> None:
    page = "https://github.test/octo/shop"
    work = WORK.model_copy(update={"status_comment_url": f"{page}/issues/7#issuecomment-1"})

    body = pull_request_body(Evidence(run=run(work=work), box="none"))

    assert f"[patch]({page}/compare/{WORK.base_sha}...{WORK.head_sha}.patch)" in body


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    assert answers.unknown_command("rnu", "run") == (
        "There is no `/coppice rnu`. Did you mean `/coppice run`? `/coppice help` lists them all."
    )


def test_commit_messages_name_no_issue_and_skip_ci_until_asked() -> None:
    assert commits.start(run(), TRAILER) == f"Coppice run 4f9a1c [skip ci]\n\n{TRAILER}\n"
    by = Player(role="implement", **SCRIPT)

    assert commits.work(run(), TRAILER, by=by, skip_ci=True) == (
        "parse fails on empty input\n\n[skip ci]\n\n"
        f"Coppice-Agent: scripted (SCRIPTED: no model)\n{TRAILER}\n"
    )
    assert "[skip ci]" not in commits.work(run(), TRAILER, by=LOOP, skip_ci=False)


def test_a_commit_subject_closes_nothing() -> None:
    hostile = TRIGGER.model_copy(update={"title": "closes octo/shop#9 [skip ci] @ana"})

    message = commits.work(run(trigger=hostile), TRAILER, by=LOOP, skip_ci=False)

    assert message.startswith("closes octo/shop no. 9")
    assert "@ana" not in message
    assert "skip ci" not in message


def test_a_role_that_another_agent_played_is_named() -> None:
    others = (Player(role="implement", agent="mine"),)

    body = pull_request_body(Evidence(run=run(work=WORK), box="none", other_agents=others))

    assert "Agent: `scripted`; implement: `mine`. Box: none." in body


@pytest.mark.parametrize(
    ("others", "end"),
    [
        (("review",), f"{BY_AI}; review: `scripted`, SCRIPTED: no model."),
        (("implement",), BY_SCRIPT),
        (("implement", "review"), BY_SCRIPT),
    ],
)
def test_whatever_role_is_scripted_says_so(others: tuple[str, ...], end: str) -> None:
    players = tuple(Player(role=role, **SCRIPT) for role in others)
    evidence = Evidence(run=run(work=WORK, agent="loop"), box="none", other_agents=players)

    body = pull_request_body(evidence)

    said = "".join(f"; {role}: `scripted`, SCRIPTED: no model" for role in others)
    assert f"Agent: `loop`{said}. Box: none." in body
    assert body.endswith(end)


def test_work_of_an_agent_is_none_of_a_script_though_the_rest_is() -> None:
    evidence = Evidence(
        run=run(work=WORK),
        box="none",
        agent_label=LABEL,
        other_agents=(Player(role="implement", agent="loop"),),
    )

    body = pull_request_body(evidence)

    assert "Agent: `scripted`, SCRIPTED: no model; implement: `loop`. Box: none." in body
    assert body.endswith(f"{BY_AI}; otherwise: `scripted`, SCRIPTED: no model.")


def test_a_scripted_review_is_said_at_its_check() -> None:
    by = Player(role="review", **SCRIPT)
    findings = [("must", "a.py:1", "Wrong.")]

    none, some = checks.review_check([], by), checks.review_check(findings, by)

    assert none.summary == ("`scripted`, SCRIPTED: no model, read plan and difference.")
    assert some.summary.endswith("By `scripted`, SCRIPTED: no model.")


@pytest.mark.parametrize(
    ("spend", "said"),
    [
        (Spend(calls=1, unanswered=1), "Implement: `m`, 1 call without an answer."),
        (
            Spend(calls=3, unanswered=1, usd=0.5),
            "Implement: `m`, 3 calls, 1 of them without an answer, $0.50.",
        ),
        (
            Spend(calls=2, unpriced=2, input_tokens=4200),
            "Implement: `m`, 2 calls, 4,200 tokens at an unknown price.",
        ),
    ],
)
def test_what_models_did_is_told_as_it_was(spend: Spend, said: str) -> None:
    spent = (("implement", "m", spend),)

    assert said in pull_request_body(Evidence(run=run(work=WORK), box="none", spend=spent))
