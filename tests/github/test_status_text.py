"""The status comment says where a run stands, why, and the one act that is possible."""

import pytest

from bot.github.texts.needs import stopped
from bot.github.texts.players import Player
from bot.github.texts.status import Given, Hidden, Status, attempt_failed, headline, status_comment
from bot.runs import Budget, Options, Publish, RunError, RunStatus, Spend, Stop, Work
from tests.github.runs import TRIGGER, result, run

LABEL = "SCRIPTED: no model"
GIVEN = Given(at="2026-01-02T14:02:00Z", authors=("ana", "raj"), left_out=3, changed_later=1)


def test_a_working_run_shows_attempt_and_what_failed_before() -> None:
    failed = attempt_failed([result(code=1, output="E   IndexError: string index")])
    status = Status(
        run=run(status=RunStatus.RUNNING),
        agent_label=LABEL,
        stage="implement",
        attempt=2,
        attempts=3,
        since=1767362700.0,
        failed_attempts=(failed,),
        given=GIVEN,
    )

    assert status_comment(status) == (
        "**Working: attempt 2 of 3**, since 14:05 UTC\n\n"
        "Attempt 1: `pytest` failed: IndexError.\n\n"
        "Agent: `scripted`, SCRIPTED: no model.\n\n"
        "- [ ] Stop\n\n"
        "<details><summary>What the agent was given</summary>\n\n"
        "Issue #7 as of 14:02 UTC; comments by `ana`, `raj`. Left out: 3 comments by people"
        " without write access, 1 comment changed after the start.\n</details>"
    )


def test_hidden_text_is_shown_with_what_is_left_of_the_issue() -> None:
    given = GIVEN.model_copy(
        update={
            "removed": 3,
            "hidden": (
                Hidden("text", 4, "HTML comment", "<!-- @ana run `rm` -->"),
                Hidden("comment by raj", 1, "alternative text of a picture", None),
            ),
            "text": "Title\n\nPlease mend it.",
        }
    )
    status = Status(run=run(status=RunStatus.RUNNING), agent_label=None, given=given)

    said = status_comment(status)

    assert said.endswith(
        ", 3 hidden pieces of text.\n\n"
        "Nobody sees this on the page, so it was taken out:\n\n"
        "- text, line 4, HTML comment: ``<! -- @ana run `rm` -->``\n"
        "- comment by raj, line 1, alternative text of a picture: what looks like a secret\n"
        "- and 1 more\n\n"
        "The text as it was given:\n\n```\nTitle\n\nPlease mend it.\n```\n</details>"
    )


def test_a_queued_run_shows_its_place() -> None:
    waits = run(work=Work(place=3, wait_seconds=600))
    status = Status(run=waits, agent_label=None)

    assert status_comment(status).startswith("**Queued: 3rd**, about 10 min\n\n")


@pytest.mark.parametrize(
    ("work", "said"), [(Work(), "Starting"), (Work(waits_for="somebody paused it"), "Queued")]
)
def test_a_run_that_waits_for_nothing_does_not_say_that_it_is_queued(work: Work, said: str) -> None:
    status = Status(run=run(work=work), agent_label=None)

    assert status_comment(status).startswith(f"**{said}**")


def test_a_finished_run_names_its_draft() -> None:
    status = Status(run=run(status=RunStatus.DONE, pull_request=12), agent_label=None)

    assert status_comment(status) == (
        "**Done: draft #12** · 9 min\n\nCI was left out so far; `/coppice ci` runs it."
    )


def test_a_run_that_only_plans_names_its_plan_and_no_work() -> None:
    asked = TRIGGER.model_copy(update={"options": Options(plan_only=True)})
    status = Status(run=run(status=RunStatus.DONE, trigger=asked), agent_label=None)

    assert status_comment(status) == "**Done: the plan below** · 9 min"


def test_a_finished_run_without_draft_support_says_so() -> None:
    done = run(status=RunStatus.DONE, pull_request=12, work=Work(ci=True))
    status = Status(run=done, agent_label=None, draft=False, note="Drafts are not supported here.")

    assert status_comment(status) == (
        "**Done: pull request #12** · 9 min\n\nDrafts are not supported here."
    )


def test_a_run_that_publishes_a_patch_names_the_command_that_shows_it() -> None:
    status = Status(run=run(status=RunStatus.DONE, publish=Publish.PATCH), agent_label=None)

    assert status_comment(status) == "**Done: `coppice patch 4f9a1c` shows the work** · 9 min"


def test_a_failed_run_says_why_and_what_to_type() -> None:
    error = RunError(stage="verify", kind="test", message="`pytest` failed 3 times")
    status = Status(
        run=run(status=RunStatus.FAILED, error=error),
        agent_label=None,
        check_url="https://github.test/octo/shop/runs/3",
        has_patch=True,
    )

    assert status_comment(status) == (
        "**Stopped: `pytest` failed 3 times** · 9 min"
        " · [log](https://github.test/octo/shop/runs/3) · patch: `coppice patch 4f9a1c`\n\n"
        "- [ ] Retry\n\n"
        "Or write `/coppice retry`; to start afresh, write `/coppice run`."
    )


def test_a_run_whose_command_failed_again_and_again_says_how_often() -> None:
    output = "FAILED tests/test_parser.py::test_empty - IndexError: string index"
    red = result(code=1, output=output)
    message = "`pytest` failed: `tests/test_parser.py::test_empty` (python.test_failure)"
    status = Status(
        run=run(
            status=RunStatus.FAILED, error=RunError(kind="test", message=f"{message}. It is so.")
        ),
        agent_label=None,
        failed_attempts=(attempt_failed([red]),) * 3,
        last=(red,),
    )

    said = status_comment(status)

    assert said.startswith("**Stopped: `pytest` failed 3 times** · 9 min\n\nIt is so.\n\n")
    assert "Attempt 1: `pytest` failed, `IndexError` in `tests/test_parser.py::test_empty`." in said


def test_who_has_to_act_reads_the_words_as_the_status_comment_has_them() -> None:
    error = RunError(kind="closed", message="#12 by coppice[bot]: <b> & `c`")
    ended = run(status=RunStatus.BLOCKED, error=error, pull_request=12)

    how = headline(Status(run=ended, agent_label=None))

    assert how == "Blocked: #12 by coppice\\[bot]: &lt;b> &amp; `c`"
    assert how in stopped(ended, how)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("KeyError: 'x'", ", `KeyError` in `t.py::a`"),
        ("assert 1 == 2", ", `AssertionError` in `t.py::a`"),
        ("some words", " in `t.py::a`"),
    ],
)
def test_the_error_of_the_first_failing_test_is_named(said: str, told: str) -> None:
    red = result(code=1, output=f"FAILED t.py::a - {said}\nFAILED t.py::b - OSError: no\n")

    assert attempt_failed([red]) == f"`pytest` failed{told} and 1 more"


def test_a_run_that_fails_as_its_base_does_says_so_in_its_first_line() -> None:
    red = result(code=1)
    message = "`pytest` failed: exit 1; `main` is red in the same way"
    status = Status(
        run=run(status=RunStatus.FAILED, error=RunError(kind="test", message=message)),
        agent_label=None,
        failed_attempts=(attempt_failed([red]),) * 2,
        last=(red,),
    )

    said = status_comment(status)

    assert said.startswith("**Stopped: `pytest` failed 2 times; `main` is red in the same way**")


def test_a_round_that_failed_names_no_way_that_an_open_pull_request_bars() -> None:
    error = RunError(kind="no_changes", message="the agent changed no files")
    ended = run(status=RunStatus.FAILED, error=error, pull_request=12, following=True)

    assert status_comment(Status(run=ended, agent_label=None)).endswith(
        "- [ ] Retry\n\nOr write `/coppice retry`, or `/coppice` and what you want; #12 stays."
    )


def test_the_runs_own_numbers_stay_references_and_others_do_not() -> None:
    error = RunError(kind="closed", message="pull request #12 was closed by ana, fixes #123")
    ended = run(status=RunStatus.CANCELLED, error=error, pull_request=12)

    said = status_comment(Status(run=ended, agent_label=None))

    assert said.startswith("**Stopped: pull request #12 was closed by ana, fixes no. 123**")


def test_a_blocked_run_has_the_rule_first_and_the_way_out_after() -> None:
    message = "This repository takes signed commits only. Exempt the branches `coppice/*`."
    error = RunError(kind="signatures_required", message=message)
    status = Status(run=run(status=RunStatus.BLOCKED, error=error), agent_label=None)

    assert status_comment(status).startswith(
        "**Blocked: This repository takes signed commits only** · 9 min\n\n"
        "Exempt the branches `coppice/*`.\n\n"
    )


def test_a_stopped_run_names_who_stopped_it() -> None:
    stop = Stop(by="ana", reason="`ana` wrote `/coppice stop`")
    status = Status(run=run(status=RunStatus.CANCELLED, stop=stop), agent_label=None)

    assert status_comment(status).startswith("**Stopped: `ana` wrote `/coppice stop`** · 9 min")


def test_retry_is_not_offered_where_it_would_be_refused() -> None:
    error = RunError(kind="closed", message="pull request #12 was closed")
    status = Status(run=run(status=RunStatus.CANCELLED, error=error), agent_label=None)

    assert status_comment(status).endswith("To start afresh, write `/coppice run`.")


def test_a_red_base_is_said_at_once() -> None:
    base = run(status=RunStatus.RUNNING, work=Work(base_ref="main"))
    status = Status(run=base, agent_label=None, red_base=(result(code=1),))

    assert "On `main`, before any change: `pytest` failed: exit 1." in status_comment(status)


def test_an_error_with_strangers_words_mentions_nobody() -> None:
    error = RunError(kind="rules:path", message="`a` <img src=x> @org/team fixes #8: is too big")
    status = Status(run=run(status=RunStatus.BLOCKED, error=error), agent_label=None)

    assert status_comment(status).startswith(
        "**Blocked: `a` &lt;img src=x> org/team fixes no. 8: is too big**"
    )


@pytest.mark.parametrize(
    ("budget", "used", "box"),
    [
        (Budget(usd=2, minutes=30), "$2.00 of $2.00 used", "$2.00"),
        (Budget(usd=2, minutes=30), "30 of 30 minutes used", "30 min"),
        (Budget(usd=2, turns=6), "6 of 6 turns used", "6 turns"),
        (Budget(tokens=60_000), "9 of 60,000 tokens used, and the next call…", "60,000 tokens"),
        (Budget(turns=6, minutes=0.2), "", "0.2 min and 6 turns"),
    ],
)
def test_at_the_end_of_any_budget_the_box_gives_as_much_again(
    budget: Budget, used: str, box: str
) -> None:
    error = RunError(stage="implement", kind="budget", message=f"budget reached: {used}")
    ended = run(status=RunStatus.BLOCKED, error=error)
    status = Status(run=ended, agent_label=None, budget=Budget(usd=9, turns=90), again=budget)

    assert f"- [ ] Retry with {box} more" in status_comment(status).splitlines()


def test_more_for_the_run_is_not_offered_where_a_budget_binds_that_others_share() -> None:
    error = RunError(stage="plan", kind="budget", message="budget reached (today's budget of ana)")
    ended = run(status=RunStatus.BLOCKED, error=error)

    said = status_comment(Status(run=ended, agent_label=None, again=Budget(usd=2)))

    assert "- [ ] Retry" in said.splitlines()
    assert "once that budget begins anew" in said
    assert "`budget=` does not change it" in said


def test_a_retry_is_an_attempt_anew_where_the_budget_of_one_is_used_up() -> None:
    message = "budget reached (the budget of one attempt): 2 of 2 turns used"
    ended = run(status=RunStatus.BLOCKED, error=RunError(stage="p", kind="budget", message=message))

    said = status_comment(Status(run=ended, agent_label=None, again=Budget(usd=2)))

    assert "- [ ] Retry\n\nOr write `/coppice retry`" in said


@pytest.mark.parametrize(
    ("spend", "said"),
    [
        (Spend(calls=2, subscribed=2), " · subscription"),
        (Spend(calls=2, subscribed=1, usd=0.5), " · $0.50 + subscription"),
        (Spend(calls=2, unpriced=1, input_tokens=4200), " · 4,200 tokens"),
        (Spend(calls=2, usd=0.5), " · $0.50"),
        (Spend(calls=2, unanswered=1, subscribed=1), " · subscription"),
        (Spend(calls=1, unanswered=1), " · 9 min"),
    ],
)
def test_what_a_subscription_pays_is_called_so(spend: Spend, said: str) -> None:
    status = Status(run=run(status=RunStatus.DONE), agent_label=None, spend=spend)

    assert status_comment(status).splitlines()[0].endswith(said)


def test_a_pull_request_that_is_red_is_not_told_as_if_it_were_good() -> None:
    done = run(status=RunStatus.DONE, pull_request=12)
    status = Status(run=done, agent_label=None, red_head=(result(code=1),))

    said = status_comment(status)

    assert said.startswith("**Done: draft #12, but `pytest` fails on it** · ")
    assert "`pytest` failed: exit 1. One more round: `/coppice retry`" in said


def test_a_label_that_is_not_followed_is_told_with_the_reason() -> None:
    why = "`coppice:agent=codex` by `raj`, who has triage; it takes write access"
    asked = TRIGGER.model_copy(update={"ignored": (why,)})

    said = status_comment(Status(run=run(trigger=asked), agent_label=None))

    assert f"Not followed: {why}." in said


def test_a_role_that_a_script_plays_is_told_though_the_agent_is_none() -> None:
    review = Player(role="review", agent="scripted", label=LABEL)
    working = run(status=RunStatus.RUNNING, agent="loop")

    said = status_comment(Status(run=working, agent_label=None, other_agents=(review,)))

    assert "Agent: `loop`; review: `scripted`, SCRIPTED: no model." in said
