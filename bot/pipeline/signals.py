"""What a change shows by itself, without any model: signals that outrank a reviewer's word."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.pipeline.contract import Contract
from bot.pipeline.findings import Finding, Severity

MANY_LINES = 800
"""Changed lines that nobody reviews in one go."""
_CODE = re.compile(
    r".+\.(?:py|pyi|js|jsx|mjs|cjs|ts|tsx|vue|go|rs|java|kt|kts|scala|cs|fs|rb|php|c|h|cc|cpp|cxx|hpp"
    r"|swift|m|mm|ex|exs|erl|clj|lua|pl|pm|sh|dart|zig)",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(?:.*/)?(?:(?i:tests?|specs?|__tests__|__mocks__|__snapshots__|testing|test[_-]?data|e2e"
    r"|cypress|[\w.-]+[._-]tests?|tests?[_-][\w-]+)|[\w.-]*[a-z0-9](?:Test|Tests))/.+"
    r"|(?:.*/)?(?i:test_[^/]+\.[^/]+|[^/]+[_.-](?:test|tests|spec|specs)\.[^/]+|tests?\.\w+)"
    r"|(?:.*/)?(?:[^/]+(?:Test|Tests|TestCase|Spec)\.[^/]+|[^/]+IT\.(?:java|kt|groovy)"
    r"|Test[A-Z][^/]*\.(?:java|kt|swift)|conftest\.py|[^/]+\.(?:feature|snap)|t/[^/]+\.t)",
)
_CI = re.compile(
    r"\.github/.+|\.circleci/.+|\.buildkite/.+|\.gitlab-ci\.ya?ml|\.gitlab/ci/.+|\.travis\.ya?ml"
    r"|\.drone\.ya?ml|\.woodpecker(?:/.+|\.ya?ml)|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml"
    r"|appveyor\.ya?ml|Jenkinsfile|tox\.ini|noxfile\.py|codecov\.ya?ml",
    re.IGNORECASE,
)
_DOCUMENTATION = re.compile(r"(?:.*/)?(?:docs?|examples?)/.+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What one file of the change comes to."""

    added: int
    removed: int


def signals(lines: Mapping[str, Size | None], plan: Contract | None) -> list[Finding]:
    """Look at the paths and sizes of a change; None: a binary file."""
    paths = sorted(lines)
    return [*_untested(paths, lines), *_beyond(paths, plan), *_large(lines)]


def is_test(path: str) -> bool:
    """Tell whether a path looks like a test of something."""
    return _TEST.fullmatch(path) is not None


def configures_ci(path: str) -> bool:
    """Tell whether a path says what the CI runs."""
    return _CI.fullmatch(path) is not None


def _untested(paths: Sequence[str], lines: Mapping[str, Size | None]) -> list[Finding]:
    code = [path for path in paths if _is_code(path) and _grows(lines[path])]
    if not code or any(is_test(path) for path in paths):
        return []
    return [
        Finding(
            file=code[0],
            severity=Severity.SHOULD,
            title="Code changes, and no test does.",
            reason=f"{len(code)} changed files of code, 0 of tests.",
        )
    ]


def _is_code(path: str) -> bool:
    code = _CODE.fullmatch(path) is not None
    return code and not is_test(path) and _DOCUMENTATION.fullmatch(path) is None


def _grows(size: Size | None) -> bool:
    return size is not None and size.added > 0


def _beyond(paths: Sequence[str], plan: Contract | None) -> list[Finding]:
    outside = plan.outside(paths) if plan else []
    return [
        Finding(
            file=path,
            severity=Severity.MUST,
            title="The plan does not name this file.",
            reason="Take the change to it back.",
        )
        for path in outside
    ]


def _large(lines: Mapping[str, Size | None]) -> list[Finding]:
    count = sum(size.added + size.removed for size in lines.values() if size)
    if count <= MANY_LINES:
        return []
    title = f"{count:,} lines change in {len(lines)} files: hard to review in one go."
    return [Finding(severity=Severity.NOTE, title=title, reason=f"More than {MANY_LINES}.")]
