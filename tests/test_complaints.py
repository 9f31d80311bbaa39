"""What people complain about in other bots, row by row, and the test that shows that it is won.

The numbers are those of the collected complaints that people's steering touches.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
WON = {
    "1: a branch is pushed and the pull request is left to people": (
        "service/test_the_way.py::test_a_label_becomes_a_draft_pull_request"
    ),
    "2: mending comments opens another branch or pull request": (
        "service/test_the_way.py::test_a_retry_of_an_open_pull_request_is_one_more_round_on_it"
    ),
    "3: title and body tell of the last follow-up only": (
        "service/test_rounds.py::test_title_and_body_tell_of_the_whole_difference_after_a_round"
    ),
    "4: nobody notices that CI failed": (
        "service/test_ci.py::test_a_real_failure_gets_one_round_and_no_more_than_the_limit"
    ),
    "4: a workflow that waits for an approval is stuck, and nobody hears of it": (
        "github/test_ci.py::test_a_workflow_that_has_no_job_yet_is_a_check_too"
    ),
    "5: commits by the bot run no CI": (
        "service/test_the_way.py::test_ci_waits_until_somebody_asks_for_it"
    ),
    "6: it says that it mended the conflict, and did not": (
        "service/test_rounds.py::test_a_conflict_that_stays_is_said"
    ),
    "9: only the last comment of a thread is read": (
        "engine/test_material.py::test_the_whole_thread_is_shown_and_strangers_words_are_no_requests"
    ),
    "11: a follow-up makes the whole plan again": (
        "service/test_rounds.py::test_a_follow_up_is_no_new_plan"
    ),
    "12: it waits for help and tells nobody": (
        "service/test_gate.py::test_an_approved_plan_is_carried_out_after_a_restart_in_the_wait"
    ),
    "13, 14: a comment for each step or commit": (
        "github/test_comments.py::test_a_comment_is_made_once_and_then_edited"
    ),
    "15: comments of several purposes overwrite each other": (
        "github/test_comments.py::test_purposes_and_runs_have_comments_of_their_own"
    ),
    "16: what was declined is raised again": (
        "service/test_rounds.py::test_what_was_declined_is_not_raised_again"
    ),
    "19: more pull requests than anybody can read": (
        "service/test_queue.py::test_a_third_run_is_told_its_place_and_goes_when_one_has_ended"
    ),
    "20: silence where nothing is found": (
        "service/test_reviews.py::test_nothing_is_said_twice_and_after_a_push_only_what_is_new"
    ),
    "21: a run that cannot be stopped": (
        "service/test_the_way.py::test_stop_ends_the_agent_and_keeps_its_work"
    ),
    "22: the token is over before the run is": (
        "github/test_client.py::test_a_token_that_expired_on_the_way_is_replaced_once"
    ),
    "24: the bot's own words start a run": (
        "attacks/test_strangers.py::test_our_own_words_start_nothing"
    ),
    "25: what was sent while it was down is lost": (
        "service/test_missed.py::test_a_label_put_on_while_the_service_was_down_starts_its_run"
    ),
    "26: polling uses the limit up": (
        "github/test_reads.py::test_an_unchanged_file_costs_nothing_of_the_limit"
    ),
    "27: a limit is called a missing permission": (
        "github/test_client.py::test_a_limit_is_a_limit_and_never_a_missing_permission"
    ),
    "28: an error without a cause": (
        "service/test_bad_starts.py::test_an_unknown_command_names_the_nearest"
    ),
    "29: nobody can say what may be spent": (
        "handlers/test_ticks.py::test_retry_with_money_carries_the_budget"
    ),
    "31: pushed to the default branch": (
        "github/test_pushes.py::test_no_branch_but_our_own_is_ever_pushed_to"
    ),
    "32: anybody can start it": "attacks/test_strangers.py::test_a_strangers_issue_starts_nothing",
    "33: it approves by accident": (
        "attacks/test_strangers.py::test_there_is_no_way_to_merge_approve_or_deploy"
    ),
    "38: a safe default blocks without a word": (
        "service/test_gate.py::test_work_beside_the_plan_waits_for_an_amendment"
    ),
    "39: a gate that only advises": "attacks/test_guard_fails_closed.py",
    "40: a click is lost to a race": "handlers/test_ticks.py::test_any_other_edit_is_no_tick",
}


@pytest.mark.parametrize("complaint", WON)
def test_what_people_complain_about_has_its_test(complaint: str) -> None:
    path, _, name = WON[complaint].partition("::")

    names = {
        node.name
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert name in names if name else any(each.startswith("test_") for each in names)
