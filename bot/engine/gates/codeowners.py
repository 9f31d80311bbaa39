"""Who owns a path, by a repository's CODEOWNERS: the last line that matches decides."""

import re
from collections.abc import Iterable

from bot.pipeline.globs import matches

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in order."""
_WORD = re.compile(r"(?:\\.|[^\s\\])+")


def owners(text: str, paths: Iterable[str]) -> dict[str, set[str]]:
    """Name the owners of each path that has any, as written (`@ana`, `@org/team`, an address)."""
    lines = [words for line in text.splitlines() if (words := _words(line))]
    found = {}
    for path in paths:
        mine = [names for pattern, *names in lines if _covers(pattern, path)]
        if mine and mine[-1]:
            found[path] = set(mine[-1])
    return found


def _words(line: str) -> list[str]:
    """Split a line; a comment begins with ``#`` after a space, a name may hold `\\ ` and `\\#`."""
    plain = re.split(r"(?:^|(?<=\s))#", line, maxsplit=1)[0]
    return [re.sub(r"\\(.)", r"\1", word) for word in _WORD.findall(plain)]


def _covers(pattern: str, path: str) -> bool:
    rooted = "/" in pattern.rstrip("/")
    plain = pattern.strip("/")
    if not plain:
        return True
    # as GitHub has it, `docs/*` means the files of that folder and none below
    below = [] if rooted and plain.endswith("/*") else [f"{plain}/**"]
    globs = below if pattern.endswith("/") else [plain, *below]
    return any(matches(glob if rooted else f"**/{glob}", path) for glob in globs)
