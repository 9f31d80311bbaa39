"""An issue as a file: first line `# title`, the rest the body."""

from dataclasses import dataclass
from pathlib import Path

from bot.errors import OperatorError

DEFAULT_TITLE = "Try Coppice on this repository"
LONGEST = {"title": 256, "body": 65_536}
"""Characters that GitHub takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    title: str
    body: str


def read_issue(path: Path) -> Issue:
    """Read it; raise OperatorError (exit 2) that says what is wrong with the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OperatorError(f"--issue {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise OperatorError(f"--issue {path} is not UTF-8 text") from error
    first, _, rest = text.strip().partition("\n")
    title = first.removeprefix("#").strip()
    if not first.startswith("# ") or not title:
        raise OperatorError(f"--issue {path}: its first line must be `# ` and the title")
    for part, words in (("title", title), ("body", rest.strip())):
        if len(words) > LONGEST[part]:
            raise OperatorError(
                f"--issue {path}: its {part} has {len(words):,} characters,"
                f" and GitHub takes {LONGEST[part]:,} at most"
            )
    return Issue(title=title, body=rest.strip())
