"""Row 23: a guard that cannot do its work blocks (`security.md`)."""

import pytest

from bot.guard.rules import FileChange, RuleLimits, check_changes
from tests.guard.warm import warm_rules


@pytest.fixture(autouse=True, scope="module")
def _rules() -> None:
    warm_rules()


class Slow(bytes):
    """Content on which a look never ends well."""

    def __contains__(self, key: object) -> bool:
        raise TimeoutError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "could not check: what was added was not read"),
        (Slow(b"x"), "could not check: TimeoutError"),
        ("text instead of bytes", "could not check: TypeError"),
    ],
)
def test_content_that_cannot_be_scanned_blocks(content: bytes | None, message: str) -> None:
    change = FileChange(path="a", old_mode=None, new_mode="100644", size=1, added=content)

    assert [v.message for v in check_changes([change], RuleLimits())] == [message]
