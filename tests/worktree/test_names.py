"""What we take for the name of a branch is what git takes for one."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import GitError
from bot.worktree.names import checked_branch, checked_ref
from tests.worktree.hub import QUIET

ODD = st.text(alphabet="ab/.-@{}~^:?*[\\$()` \n\x7fü", max_size=8)


@pytest.mark.parametrize("name", ["main", "coppice/7-4f9a1c", "$(id)", "a;b", "a`id`", "ümlaut"])
def test_the_name_of_a_branch_stays_as_it_is(name: str) -> None:
    assert checked_branch(name) == name


@pytest.mark.parametrize(
    "name", ["--upload-pack=id", "-f", "a\nb", "a b", "a..b", "a.lock", "/a", "", "@", "a:b", "+a?"]
)
def test_what_is_no_name_of_a_branch_is_refused(name: str) -> None:
    with pytest.raises(GitError):
        checked_branch(name)


@pytest.mark.parametrize("ref", ["main", "--all", "refs/heads/a b", "refs/heads/x:refs/heads/y"])
def test_what_is_no_full_ref_is_refused(ref: str) -> None:
    with pytest.raises(GitError):
        checked_ref(ref)


@settings(database=None, deadline=None, derandomize=True, max_examples=60)
@given(ODD)
def test_git_takes_every_name_that_we_take(name: str) -> None:
    try:
        checked_branch(name)
    except GitError:
        return
    command = ("git", "check-ref-format", "--branch", name)
    assert subprocess.run(command, env=QUIET, capture_output=True).returncode == 0
