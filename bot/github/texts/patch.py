"""The answer to `/coppice patch`."""

import shlex

from bot.github.markdown import code, fence, folded
from bot.runs import Run

MOST_BYTES = 40_000
"""A larger one is named, not shown."""
_OURS = (
    "git diff --name-only --diff-filter=U -z"
    " | git checkout HEAD --pathspec-from-file=- --pathspec-file-nul"
)


def patch(run: Run, diff: bytes) -> str:
    """Show the patch folded, or say where it is; of a merge also how it is applied."""
    merges = run.work.patch_merged is not None
    mails = "." if merges else ", `--mbox` for `git am`."
    where = f"On the machine of Coppice `coppice patch {run.short_id}` prints it{mails}"
    if len(diff) > MOST_BYTES:
        parts = [f"The patch has {len(diff):,} bytes. {where}", _resolving(run)]
    else:
        shown = folded("The patch", fence(diff.decode(errors="replace"), "diff"))
        parts = [shown, _resolving(run), where]
    return "\n\n".join(part for part in parts if part)


def _resolving(run: Run) -> str:
    """How to merge the base with it, where that was not pushed."""
    begun, there = run.work.round, run.work.visit
    if begun is None or begun.base is None or there is None or there.left is not None:
        return ""
    remote = "origin" if there.same_repository else "upstream"
    base = run.work.base_ref or "main"
    lines = [f"git fetch {remote} {shlex.quote(base)}", f"git merge {begun.base[:12]}"]
    if begun.dropped:
        lines.append(f"git rm -q -- {shlex.join(begun.dropped)}")
    lines += [_OURS, "git apply --index mend.patch", "git commit --no-edit"]
    how = (
        f"It holds how the conflict is resolved, and nothing else of {code(base)}. With it as"
        f" `mend.patch`, on the branch of #{there.number} (`{remote}` is this repository):"
    )
    commands = fence("\n".join(lines), "sh")
    return f"{how}\n\n{commands}"
