"""The status comment says where a run stands, why, and the one act that is possible."""

from bot.github.texts.status import Given, Status, attempt_failed, status_comment
from bot.runs import Publish, RunError, RunStatus, Stop, Work
from tests.github.runs import result, run

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


def test_a_queued_run_shows_its_place() -> None:
    waits = run(work=Work(place=3, wait_seconds=600))
    status = Status(run=waits, agent_label=None)

    assert status_comment(status).startswith("**Queued: 3rd**, about 10 min\n\n")


def test_a_finished_run_names_its_draft() -> None:
    status = Status(run=run(status=RunStatus.DONE, pull_request=12), agent_label=None)

    assert status_comment(status) == (
        "**Done: draft #12** · 9 min\n\nCI was left out so far; `/coppice ci` runs it."
    )


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
        " · [check run](https://github.test/octo/shop/runs/3) · patch: `coppice patch 4f9a1c`\n\n"
        "- [ ] Retry\n\n"
        "Or write `/coppice retry`; to start afresh, write `/coppice run`."
    )


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
