"""Write docs/effects.md from what the effects declare; run as a module it prints the page."""

import sys

from bot.github.effects.call import Declaration
from bot.github.effects.kinds import KINDS

_INTRODUCTION = """\
# Effects

Made by `python -m bot.github.effects.documentation`; a test holds it current.

An effect is one typed write to GitHub (`bot/runs`). Each is looked up before it is created,
makes one write at most, and is written down in the ledger before and after (a reaction only after:
GitHub itself keeps one of each kind). So it may be tried again at any time: after a crash, a
timeout, or beside a copy of itself. Coppice writes nothing else; there is no effect that merges,
approves, or replaces what people pushed: on a branch that is not its own it only puts a commit on
top, where somebody with write access asked for that (`grow`).

Named alike for all: `suspended` (the installation is suspended), `uninstalled`, `no_access` (the
App lacks a permission). Limits (429, 403 with `retry-after` or no calls left, Coppice's own 80
writes a minute and 500 an hour), 5xx and lost connections are waited for, never refused. A quarter
of Coppice's own limit is kept for results: progress is left out first.
"""


def effects_page() -> str:
    """Describe every effect, in the order of the table of kinds."""
    parts = [_section(name, kind.declaration) for name, kind in KINDS.items()]
    return "\n".join([_INTRODUCTION, *parts])


def _section(name: str, declaration: Declaration) -> str:
    again = "looked up" if declaration.heals else "taken from the ledger when nothing changed"
    if declaration.single:
        again = "written again, which changes nothing"
    granted = ", ".join(f"`{key}: {value}`" for key, value in declaration.permissions)
    lines = [
        f"## `{name}`: {declaration.does}\n",
        f"- **Found by** {declaration.found_by}.",
        f"- **Ours if** {declaration.ours_if}.",
        f"- **Writes** {declaration.writes}.",
        f"- **Applied again** it is {again}.",
        f"- **Token** {granted}.",
        "- **Refused as**",
        *(f"  - `{kind}`: {when}" for kind, when in declaration.refused.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(effects_page())
