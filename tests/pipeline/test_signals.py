"""What a change shows without any model, and what a reviewer may say."""

import pytest

from bot.pipeline.findings import Severity, take
from bot.pipeline.signals import Size, is_test, signals

SOME = Size(added=3, removed=1)


def titles(*paths: str, size: Size | None = SOME) -> list[str]:
    return [finding.title for finding in signals(dict.fromkeys(paths, size), None)]


def test_code_without_a_test_is_said() -> None:
    assert titles("src/a.py") == ["Code changes, and no test does."]
    assert titles("src/a.py", "tests/test_a.py") == []
    assert titles("README.md", "docs/conf.py") == []
    assert titles("src/a.py", size=Size(added=0, removed=9)) == []
    assert titles("logo.png", size=None) == []


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        "a_test.go",
        "src/a.test.ts",
        "spec/a_spec.rb",
        "ATest.java",
        "x/__tests__/a.js",
    ],
)
def test_a_test_is_known_by_its_path(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["src/contest.py", "latest.go", "src/a.py", "Attest.java"])
def test_what_only_sounds_like_a_test_is_none(path: str) -> None:
    assert not is_test(path)


def test_a_large_change_is_said() -> None:
    assert any(
        "hard to review" in title for title in titles("a.md", size=Size(added=801, removed=0))
    )


def test_a_reviewers_answer_is_cleaned() -> None:
    found = take('[{"severity": "must", "title": "Off by <!-- hidden --> one", "file": "a.py"}]')

    assert [(f.severity, f.title, f.file) for f in found] == [
        (Severity.MUST, "Off by  one", "a.py")
    ]


@pytest.mark.parametrize(
    "answer",
    ["looks good to me", {"findings": [{"severity": "must"}]}, 5, "[" * 9000, {"approved": True}],
)
def test_an_answer_of_another_shape_is_no_review(answer: object) -> None:
    with pytest.raises((ValueError, RecursionError)):
        take(answer)
