"""What Coppice says when it mended somebody else's pull request, or found nothing to mend."""

from bot.github.markdown import code
from bot.github.texts.patch import patch
from bot.github.texts.players import Player, cast, has_label
from bot.github.texts.results import commit, table
from bot.runs import CommandResult, Record, Run


class Mended(Record):
    """What mending came to."""

    run: Run
    head: tuple[CommandResult, ...] = ()
    base: tuple[CommandResult, ...] = ()
    skips_ci: bool = True
    agent_label: str | None = None
    other_agents: tuple[Player, ...] = ()
    patch: bytes | None = None
    """What is not pushed; None: it was pushed, or stands in a review."""


def mended(told: Mended) -> str:
    """The one comment: what was mended, how it was judged, and how to get it."""
    run, begun = told.run, told.run.work.round
    there = run.work.visit
    if begun is None or not (begun.checks or begun.base):
        return what_was_mended(run)
    parts = [f"**{what_was_mended(run)}** {_where(run, told)}"]
    parts.append(
        table(
            told.head,
            told.base,
            here="with this",
            there=commit(run.work.base_ref, run.work.base_sha),
        )
        if told.head
        else "**Not verified:** `.github/coppice.yml` names no commands, so nothing was run."
    )
    if told.patch is not None:
        parts.append(patch(run, told.patch))
    elif there is not None and there.same_repository and told.skips_ci:
        parts.append("CI was left out; `/coppice ci` runs it.")
    elif run.work.only_ci and not told.skips_ci and run.work.pushed:
        parts.append(f"CI runs on {run.work.pushed[:7]}.")
    if has_label(told.agent_label, told.other_agents):
        parts.append(f"Agent: {cast(run.agent, told.agent_label, told.other_agents)}.")
    return "\n\n".join(parts)


def suggested(run: Run) -> str:
    """The body of a review that is nothing but suggestions."""
    why = "These suggestions were judged together; the branch is not ours to push to."
    return f"{what_was_mended(run)} {why}"


def what_was_mended(run: Run) -> str:
    """In one sentence, also that there was nothing."""
    begun, there = run.work.round, run.work.visit
    base = code(run.work.base_ref or "the base")
    if begun is None or not (begun.checks or begun.base):
        head = there.head_sha[:7] if there else ""
        return f"Nothing to mend: {_looked_for(run, head, base)}."
    parts = [f"the check {code(name)}" for name in begun.checks[:3]]
    if begun.base:
        files = ", ".join(code(path) for path in begun.conflicts[:5])
        parts.append(f"the conflict with {base} in {files}")
    return f"Mended: {', '.join(parts)}."


def _where(run: Run, told: Mended) -> str:
    there = run.work.visit
    if there is None or told.patch is not None:
        return "Nothing was pushed; this is the patch."
    if there.same_repository and there.left:
        return f"Pushed as {there.left[:7]}, on top of {there.head_sha[:7]}."
    return f"See the [suggestions]({there.left})." if there.left else ""


def _looked_for(run: Run, head: str, base: str) -> str:
    none, clean = f"no check fails on {head} because of it", f"nothing conflicts with {base}"
    match run.trigger.options.mend:
        case "checks":
            return none
        case "conflicts":
            return clean
        case _:
            return f"{none}, and {clean}"
