"""What a round on the open pull request says: an answer in each thread, and the review around."""

from collections.abc import Sequence

from bot.github.markdown import code, fence, folded, prose
from bot.github.texts.moments import count

ASKS = "Nothing was changed for this. What should it be?"


def fixed(sha: str, words: str, *, suggested: bool) -> str:
    if suggested:
        return f"Fixed in {sha[:7]}, as suggested."
    said = prose(words).rstrip(".")
    return f"Fixed in {sha[:7]}: {said}." if said else f"Fixed in {sha[:7]}."


def declined(words: str) -> str:
    said = prose(words).rstrip(".")
    return f"Declined because {said}." if said else "Declined; the agent gave no reason."


def question(words: str) -> str:
    return prose(words) or ASKS


def review(sha: str | None, done: Sequence[str], compared: str | None = None) -> str:
    """The body of the one review; ``done`` are the words fixed, declined, question of each."""
    kinds = [("fixed", "fixed"), ("declined", "declined"), ("question", "question")]
    told = [
        count(done.count(kind), noun) if kind == "question" else f"{done.count(kind)} {noun}"
        for kind, noun in kinds
        if done.count(kind)
    ]
    head = f"{count(len(done), 'thread')}: {', '.join(told)}." if told else ""
    where = f"Pushed {sha[:7]}." if sha else "Nothing was pushed."
    said = " ".join(part for part in (head, where) if part)
    return "\n\n".join(part for part in (said, range_diff(compared)) if part)


def range_diff(compared: str | None) -> str:
    """What a push changed in the branch, folded away."""
    return folded("Range-diff of this push", fence(compared, "diff")) if compared else ""


def approved_before(number: int, what: str) -> str:
    """Ask before a push that may dismiss an approval."""
    return (
        f"#{number} is approved, and a push may dismiss that. It would take up {what}."
        " `/coppice approve` lets it push."
    )


def too_many(rounds: int, what: str) -> str:
    return f"{count(rounds, 'round')} were made without a word from a person; left: {what}."


def nothing_to_retry(number: int, asked: str, by: str) -> str:
    """Say that the pull request is as good as one more try could make it; ``asked`` is ours."""
    return (
        f"{asked} by {code(by)}: there was nothing to retry on #{number}. No review thread,"
        " conflict or failing check waits, and the agent changed nothing. To have something"
        " changed, write `/coppice` and what you want."
    )


def conflict_left(paths: Sequence[str]) -> str:
    listed = ", ".join(code(path) for path in paths[:10])
    return f"the conflict with the base is not resolved in {listed}"


def nothing_to_mend(number: int, base: str, asked: str, by: str) -> str:
    """Say that what `fix` would mend is not there; ``asked`` is ours."""
    return (
        f"{asked} by {code(by)}: there was nothing to mend on #{number}. No check fails because of"
        f" it, nothing conflicts with {code(base)}, and no review thread waits."
    )


def not_only_ours(number: int, asked: str, by: str) -> str:
    """Say why a branch is not rebased; ``asked`` is ours."""
    return (
        f"{asked} by {code(by)}: not rebased. #{number} holds somebody else's commit, and Coppice"
        " rewrites nobody's. `/coppice fix conflicts` merges the base in where they conflict."
    )


def ci_runs_already(sha: str, asked: str, by: str, *, always: bool) -> str:
    """Say that no commit is needed for CI to run; ``always``: it is never left out there."""
    why = "`ci: auto` leaves it out of nothing" if always else "it was asked for before"
    return (
        f"{asked} by {code(by)}: nothing was pushed. CI runs on {sha[:7]} already, because {why}."
        " *Re-run* at one of its checks runs that once more."
    )
