"""Row 9: a lock file that would fetch from elsewhere is held (`security.md`)."""

from dataclasses import replace

import pytest

from bot.guard.lockfiles import is_lockfile, strange_hosts
from bot.guard.rules import FileChange, RuleLimits, check_changes

BEFORE = b'"resolved": "https://packages.example.org/left-pad/-/left-pad-1.3.0.tgz"\n'


def held(added: bytes | None, before: bytes | None = BEFORE, path: str = "yarn.lock") -> list[str]:
    change = FileChange(
        path=path, old_mode="100644", new_mode="100644", size=1, added=added, before=before
    )
    return [v.message for v in check_changes([change], RuleLimits()) if v.rule == "lockfile"]


@pytest.mark.parametrize(
    "added",
    [
        b'"resolved": "https://evil.example/left-pad-1.3.0.tgz"\n',
        b'"resolved": "https:\\/\\/evil.example\\/left-pad.tgz"\n',
        b"left-pad @ git+https://token@evil.example/left-pad.git\n",
        b'"resolved": "git+ssh://git@evil.example/left-pad.git"\n',
        b'"version": "git@evil.example:left-pad.git"\n',
        b'"resolved": "HTTPS://EVIL.EXAMPLE/x"\n',
    ],
)
def test_a_host_that_was_not_there_is_held(added: bytes) -> None:
    (message,) = held(added)

    assert "'evil.example'" in message


def test_a_newer_version_from_the_same_place_passes() -> None:
    assert held(b'"resolved": "https://packages.example.org/left-pad/-/left-pad-1.4.0.tgz"\n') == []


def test_what_was_not_read_is_held() -> None:
    assert held(None) != []
    assert held(b"x", before=None) != []


@pytest.mark.parametrize("path", ["npm-shrinkwrap.json", "web/.npmrc", "requirements-dev.txt"])
def test_a_new_file_that_takes_the_place_of_the_lock_file_is_held(path: str) -> None:
    made = FileChange(
        path=path, old_mode=None, new_mode="100644", size=1, added=b"https://evil.example/x"
    )
    moved = replace(made, added=BEFORE, before=BEFORE)

    found = [check_changes([each], RuleLimits()) for each in (made, moved)]

    assert [[v.rule for v in each] for each in found] == [["lockfile"], []]


def test_other_files_are_not_held_for_it() -> None:
    assert held(b"https://evil.example/x", path="docs/links.md") == []
    assert is_lockfile("web/package-lock.json")
    assert not is_lockfile("src/lock.py")
    assert strange_hosts(b"", b"no address") == []
