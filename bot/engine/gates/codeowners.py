"""Who owns a path, by a repository's CODEOWNERS: the last line that matches decides."""

from collections.abc import Iterable

from bot.pipeline.globs import matches

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in order."""


def owners(text: str, paths: Iterable[str]) -> set[str]:
    """Collect the owners of paths as they are written (`@ana`, `@org/team`, a mail address)."""
    lines = [line.split("#", 1)[0].split() for line in text.splitlines()]
    found: set[str] = set()
    for path in paths:
        mine = [line[1:] for line in lines if line and _covers(line[0], path)]
        found.update(mine[-1] if mine else ())
    return found


def _covers(pattern: str, path: str) -> bool:
    rooted = "/" in pattern.rstrip("/")
    plain = pattern.strip("/")
    globs = [f"{plain}/**"] if pattern.endswith("/") else [plain, f"{plain}/**"]
    if not plain:
        return True
    return any(matches(glob if rooted else f"**/{glob}", path) for glob in globs)
