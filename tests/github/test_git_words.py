"""What GitHub says on git's stderr, and what it is called."""

import pytest

from bot.errors import EffectDelayed, EffectRefused, GitError
from bot.github.git_words import push_problem, unknown_token

REJECTED = " ! [remote rejected] 4f9a1c -> coppice/7-4f9a1c"

PROTECTED = f"""\
remote: error: GH006: Protected branch update failed for refs/heads/coppice/7-4f9a1c.
remote:
remote: - Cannot force-push to this branch
{REJECTED} (protected branch hook declined)"""

SIGNATURES = f"""\
remote: error: GH013: Repository rule violations found for refs/heads/coppice/7-4f9a1c.
remote: Review all repository rules at https://github.com/o/r/rules?ref=refs%2Fheads%2Fx
remote:
remote: - Commits must have verified signatures.
remote:   Found 1 violation:
{REJECTED} (push declined due to repository rule violations)"""

SIGN_OFF = f"""\
remote: error: GH013: Repository rule violations found for refs/heads/coppice/7-4f9a1c.
remote: - Commit message must match a given regex pattern: ^Signed-off-by: .+ <.+>$
{REJECTED} (push declined due to repository rule violations)"""

PUSH_PROTECTION = f"""\
remote: error: GH013: Repository rule violations found for refs/heads/coppice/7-4f9a1c.
remote: - GITHUB PUSH PROTECTION
remote:     - Push cannot contain secrets
remote:       —— Amazon AWS Access Key ID ——————
{REJECTED} (push declined due to repository rule violations)"""

FORCE = f"""\
remote: error: GH013: Repository rule violations found for refs/heads/coppice/7-4f9a1c.
remote: - Cannot force-push to this branch
{REJECTED} (push declined due to repository rule violations)"""

RULE = f"""\
remote: error: GH013: Repository rule violations found for refs/heads/coppice/7-4f9a1c.
remote: - Changes must be made through a pull request.
{REJECTED} (push declined due to repository rule violations)"""

WORKFLOW = (
    f"{REJECTED} (refusing to allow a GitHub App to create or update workflow"
    " `.github/workflows/ci.yml` without `workflows` permission)"
)
NON_FAST_FORWARD = " ! [rejected]  4f9a1c -> coppice/7-4f9a1c (non-fast-forward)"
STALE = " ! [rejected]  4f9a1c -> coppice/7-4f9a1c (stale info)"
ARCHIVED = """\
remote: This repository was archived so it is read-only.
fatal: unable to access 'https://github.com/o/r.git/': The requested URL returned error: 403"""
DENIED = """\
remote: Write access to repository not granted.
fatal: unable to access 'https://github.com/o/r.git/': The requested URL returned error: 403"""
NOT_FOUND = """\
remote: Repository not found.
fatal: repository 'https://github.com/o/r.git/' not found"""


def failure(stderr: str) -> GitError:
    return GitError("push", 1, stderr)


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        (PROTECTED, "protected_branch"),
        (FORCE, "protected_branch"),
        (SIGNATURES, "signatures_required"),
        (SIGN_OFF, "sign_off_required"),
        (PUSH_PROTECTION, "push_protection"),
        (RULE, "rule_violation"),
        (WORKFLOW, "workflow_permission"),
        (NON_FAST_FORWARD, "branch_moved"),
        (STALE, "branch_moved"),
        (ARCHIVED, "archived"),
        (DENIED, "no_access"),
        (NOT_FOUND, "gone"),
        ("fatal: something new", "invalid"),
    ],
)
def test_a_refused_push_is_named_for_what_it_is(stderr: str, kind: str) -> None:
    problem = push_problem(failure(stderr))

    assert isinstance(problem, EffectRefused)
    assert problem.kind == kind


@pytest.mark.parametrize(
    "stderr",
    [
        "fatal: unable to access 'https://github.com/': The requested URL returned error: 502",
        "fatal: unable to access 'https://github.com/': Could not resolve host: github.com",
        "send-pack: unexpected disconnect\nfatal: the remote end hung up unexpectedly",
        "error: failed to push some refs to 'https://github.com/o/r.git'\n",
        "error: failed to push some refs to 'http://h/o/r.git'\nTo http://h/o/r.git\n",
    ],
)
def test_a_lost_connection_is_tried_again(stderr: str) -> None:
    assert isinstance(push_problem(failure(stderr)), EffectDelayed)


def test_a_push_that_was_refused_for_a_reason_is_not_tried_again() -> None:
    stderr = f"To http://h/o/r.git\n{REJECTED} (odd)\nerror: failed to push some refs to 'x'"

    assert isinstance(push_problem(failure(stderr)), EffectRefused)


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        (f"{'403' * 13}a does not grow out of {'0' * 40}", "invalid"),
        ("To http://127.0.0.1:40317/o/r.git\n ! [remote rejected] 4f9a1c -> x (odd)", "invalid"),
        ("!\ta:refs/heads/coppice/7-dco\t[rejected] (fetch first)", "branch_moved"),
        (" ! [rejected] 4f9a1c -> coppice/7-gh006 (fetch first)", "branch_moved"),
    ],
)
def test_a_commit_an_address_or_a_branch_is_no_reason(stderr: str, kind: str) -> None:
    problem = push_problem(failure(stderr))

    assert isinstance(problem, EffectRefused)
    assert problem.kind == kind


def test_what_github_said_is_passed_on_without_addresses() -> None:
    reason = str(push_problem(failure(SIGNATURES)))

    assert "Commits must have verified signatures." in reason
    assert "https://" not in reason


def test_an_unknown_token_looks_like_a_missing_repository() -> None:
    assert unknown_token(failure(NOT_FOUND))
    assert unknown_token(failure("fatal: Authentication failed for 'https://github.com/o/r.git/'"))
    assert not unknown_token(failure(DENIED))
    assert not unknown_token(failure(PROTECTED))
