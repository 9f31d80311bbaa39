"""What is told of mending somebody else's pull request, and the same as suggestions. Pure."""

from collections.abc import Iterable, Sequence

from bot.github.texts import mend, visit
from bot.pipeline import placing
from bot.pipeline.placing import FileDifference, Row
from bot.pipeline.story import Story, commands
from bot.runs import Comment, LineComment, StageKind

MOST = 20
"""Suggestions that one review makes; more of them are a patch."""
Comments = tuple[LineComment, ...]


def comment(story: Story, patch: bytes | None) -> Comment:
    """The one comment of the run; ``patch`` None: it was pushed, or said as suggestions."""
    run, verify = story.run, story.last_of(StageKind.VERIFY)
    told = mend.Mended(
        run=run,
        head=tuple(commands(verify)) if verify else (),
        base=tuple(story.baseline),
        skips_ci=story.skips_ci,
        agent_label=story.agent_label,
        other_agents=story.others,
        patch=patch,
    )
    return Comment(issue=run.issue, purpose="status", body=mend.mended(told))


def suggested(story: Story) -> str:
    """The body of the review that holds the suggestions."""
    return mend.suggested(story.run)


def suggestions(theirs: Iterable[tuple[str, str]], ours: Iterable[tuple[str, str]]) -> Comments:
    """Say our difference as suggestions on theirs; empty where one line of it cannot be."""
    there = {file.path: file for file in placing.read(theirs)}
    found: list[LineComment] = []
    for file in placing.read(ours):
        comments = _of_file(file, there.get(file.path))
        if comments is None:
            return ()
        found += comments
    return tuple(found) if len(found) <= MOST else ()


def _of_file(ours: FileDifference, theirs: FileDifference | None) -> list[LineComment] | None:
    if theirs is None or not ours.rows:
        return None
    made = []
    for hunk in sorted({row.hunk for row in ours.rows}):
        made.append(_of_hunk([row for row in ours.rows if row.hunk == hunk], theirs))
    comments = [each for each in made if each is not None]
    return comments if len(comments) == len(made) else None


def _of_hunk(rows: Sequence[Row], theirs: FileDifference) -> LineComment | None:
    """Replace what changes, with one line beside it where lines are only added."""
    changed = [n for n, row in enumerate(rows) if None in (row.old, row.new)]
    first, last = changed[0], changed[-1]
    if all(row.old is None for row in rows[first : last + 1]):
        first, last = (first - 1, last) if first else (first, min(last + 1, len(rows) - 1))
    part = rows[first : last + 1]
    old = [row.old for row in part if row.old is not None]
    if not old:
        return None
    begin, end = theirs.row("RIGHT", old[0]), theirs.row("RIGHT", old[-1])
    if begin is None or end is None or begin.hunk != end.hunk:
        return None
    text = "".join(f"{row.text}\n" for row in part if row.new is not None)
    block = visit.suggestion(text)
    if block is None:
        return None
    start = old[0] if old[0] != old[-1] else None
    return LineComment(path=theirs.path, line=old[-1], start_line=start, body=block)
