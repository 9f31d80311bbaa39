"""The answer to `/coppice patch`."""

from bot.github.markdown import fence, folded
from bot.runs import Run

MOST_BYTES = 40_000
"""A larger one is named, not shown."""


def patch(run: Run, diff: bytes) -> str:
    """Show the patch folded, or say where it is."""
    command = f"`coppice patch {run.short_id}` prints it, `--mbox` for `git am`."
    if len(diff) > MOST_BYTES:
        return f"The patch has {len(diff):,} bytes. On the machine of Coppice {command}"
    shown = folded("The patch", fence(diff.decode(errors="replace"), "diff"))
    return f"{shown}\n\nOn the machine of Coppice {command}"
