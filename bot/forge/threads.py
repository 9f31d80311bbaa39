"""Review threads: where on a diff they may begin, and where they are after a push."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.forge.diffs import Row, Shown, moved, shown
from bot.forge.git import Comparison, FileChange, ObjectMissing, compare, diff_files
from bot.forge.records import PullRequest, ReviewThread, Spot
from bot.forge.state import State


class NotInDiff(Exception):
    """GitHub would not put a thread there; ``field`` is what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a thread is to begin: lines of a file, a position in its diff, or the whole file."""

    path: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    position: int | None = None
    whole_file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """The diff that threads begin on."""

    pull: PullRequest
    commit_id: str
    base_id: str
    files: dict[str, Shown]


async def begin(
    state: State, pull: PullRequest, commit_id: str, places: Sequence[Place]
) -> list[ReviewThread]:
    """Make threads on the diff up to a commit of the pull request; raises NotInDiff.

    They are not in ``pull.threads`` yet.
    """
    path = pull.issue.repository.path
    try:
        diff = whole = await compare(path, pull.base_sha, pull.head_sha)
        if commit_id not in {commit.sha for commit in whole.ahead}:
            raise NotInDiff("commit_id", "commit_id is not part of the pull request")
        if commit_id != pull.head_sha:
            diff = await compare(path, pull.base_sha, commit_id)
    except ObjectMissing:
        raise NotInDiff("commit_id", "commit_id is not part of the pull request") from None
    ground = _Ground(
        pull=pull,
        commit_id=commit_id,
        base_id=diff.merge_base.sha,
        files={file.filename: shown(file) for file in diff.files},
    )
    made = [_thread(state, ground, place) for place in places]
    if diff is not whole:
        await _move(made, whole)
    return made


def _thread(state: State, ground: _Ground, place: Place) -> ReviewThread:
    if place.path not in ground.files:
        raise NotInDiff("path", "Path could not be resolved")
    thread = ReviewThread(
        id=state.new_id(),
        pull=ground.pull,
        path=place.path,
        base_id=ground.base_id,
        commit_id=ground.commit_id,
        diff_hunk="",
        side=place.side,
    )
    if not place.whole_file:
        _stand(thread, ground.files[place.path], place)
    return thread


def _stand(thread: ReviewThread, found: Shown, place: Place) -> None:
    side, line = place.side, place.line
    if line is None and place.position:
        side, line = found.at(place.position) or (side, None)
    row = found.row(side, line)
    if line is None or row is None:
        raise NotInDiff("line", "line must be part of the diff")
    if place.start_line is not None:
        _check_start(found.row(place.start_side or side, place.start_line), row)
        thread.start_side = place.start_side or side
    thread.side, thread.diff_hunk = side, found.hunk(row)
    thread.first = thread.spot = Spot(
        line=line,
        start_line=place.start_line,
        position=row.position,
        commit_id=thread.commit_id,
    )


def _check_start(start: Row | None, end: Row) -> None:
    if start is None:
        raise NotInDiff("start_line", "start line must be part of the diff")
    if start.hunk != end.hunk:
        raise NotInDiff("start_line", "start line must be part of the same hunk as the line.")
    if start.position >= end.position:
        raise NotInDiff("start_line", "start line must precede the end line.")


async def follow(pull: PullRequest) -> None:
    """Move a pull request's threads to where their lines are in its present diff."""
    if not pull.threads:
        return
    try:
        diff = await compare(pull.issue.repository.path, pull.base_sha, pull.head_sha)
    except ObjectMissing:
        return
    await _move(pull.threads, diff)


async def _move(threads: Sequence[ReviewThread], diff: Comparison) -> None:
    """From where each was written, so that lines that come back are found again."""
    files = {file.filename: shown(file) for file in diff.files}
    changes: dict[tuple[str, str], dict[str, FileChange]] = {}
    for thread in threads:
        left = thread.side == "LEFT"
        old = thread.base_id if left else thread.commit_id
        new = diff.merge_base.sha if left else diff.ahead[-1].sha if diff.ahead else old
        if (old, new) not in changes:
            path = thread.pull.issue.repository.path
            found = await diff_files(path, old, new) if old != new else []
            changes[old, new] = {file.previous_filename or file.filename: file for file in found}
        _place(thread, files.get(thread.path), changes[old, new].get(thread.path))


def _place(thread: ReviewThread, present: Shown | None, change: FileChange | None) -> None:
    if thread.first is None:
        thread.outdated = present is None
        return
    line = moved(change, thread.first.line)
    row = present.row(thread.side, line) if present else None
    thread.outdated = row is None
    if line is None or row is None:
        thread.spot = None
        return
    start = thread.first.start_line
    thread.spot = Spot(
        line=line,
        start_line=moved(change, start) if start is not None else None,
        position=row.position,
        commit_id=thread.pull.head_sha,
    )
