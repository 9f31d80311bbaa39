"""Names, buttons and texts of the check runs."""

import html
from collections.abc import Mapping, Sequence

from bot.github.markdown import cell, code, fence, line, prose
from bot.github.texts.boxes import SHOWN
from bot.github.texts.gist import Gist, gist_text
from bot.github.texts.moments import count
from bot.github.texts.players import Player
from bot.github.texts.results import cause, commit, failures, table
from bot.github.texts.status import Status, headline, status_comment
from bot.runs import Button, CommandResult, Record, Run, RunStatus

COPPICE = "Coppice"
VERIFY = "Coppice / verify"
RULES = "Coppice / rules"
REVIEW = "Coppice / review"
NOTHING = Gist()

STOP = Button(label="Stop", description="End the run and keep its work", identifier="stop")
APPROVE = Button(label="Approve", description="Let the plan be carried out", identifier="approve")
AMEND = Button(label="Amend", description="Let it change these files as well", identifier="approve")
REJECT = Button(label="Reject", description="Refuse the plan and end the run", identifier="reject")
GO_ON = Button(label="Go on", description="Beside the other pull request", identifier="approve")
RETRY = Button(label="Retry", description="Go on from the kept work", identifier="retry")

_AT_WORK, _DONE, _ENDED = "at work", "done", "failed, blocked or stopped"
_PLAN, _AMENDMENT = "a plan waits", "files beside the plan wait"
_OVERLAP = "another pull request closes the issue too"
BUTTONS: Mapping[str, tuple[Button, ...]] = {
    _AT_WORK: (STOP,),
    _OVERLAP: (GO_ON, STOP),
    _PLAN: (APPROVE, REJECT, STOP),
    _AMENDMENT: (AMEND, REJECT, STOP),
    _ENDED: (RETRY,),
    _DONE: (),
}
"""Those of the check run `Coppice`, by where its run stands."""


class CheckText(Record):
    """What a check run shows."""

    title: str
    summary: str
    text: str | None = None


def buttons(run: Run) -> tuple[Button, ...]:
    """The buttons that do something now: at most three (docs/labels.md has the table)."""
    return tuple(_about(button, run) for button in BUTTONS[_state(run)])


def _state(run: Run) -> str:
    if run.status is RunStatus.WAITING and run.work.overlaps is not None:
        return _OVERLAP
    if run.status is RunStatus.WAITING:
        amending = run.work.gate is not None and run.work.gate.amendment is not None
        return _AMENDMENT if amending else _PLAN
    if not run.status.ended:
        return _AT_WORK
    return _DONE if run.status is RunStatus.DONE else _ENDED


def _about(button: Button, run: Run) -> Button:
    """Have it name what waits: whoever presses it means what stands there, not what comes next."""
    if button.identifier not in ("approve", "reject"):
        return button
    named = f"{button.identifier}-{(run.work.plan_hash or '')[:SHOWN]}"
    return button.model_copy(update={"identifier": named})


def coppice_check(status: Status, gist: Gist = NOTHING) -> CheckText:
    """The run itself, as the status comment tells it, with what failing commands printed."""
    # GitHub shows a title as it is written.
    title = html.unescape(headline(status)).replace("`", "").replace("\\", "")
    red = [_output(result) for result in status.last if not result.passed]
    text = "\n\n".join(part for part in (*red, gist_text(gist)) if part) or None
    return CheckText(title=" ".join(title.split())[:250], summary=status_comment(status), text=text)


def verify_check(
    run: Run, head: Sequence[CommandResult], base: Sequence[CommandResult]
) -> CheckText:
    """The verdict of the repository's own commands; without any, that nothing was verified."""
    if not head:
        return CheckText(
            title="Not verified",
            summary="`.github/coppice.yml` on the default branch names no commands under `verify`.",
        )
    red = [result for result in head if not result.passed]
    title = f"{count(len(head), 'command')} passed"
    if red:
        title = "; ".join(f"{line(result.name, 60)} failed: {cause(result)}" for result in red)
    work = run.work
    parts = [table(head, base, here="here", there=commit(work.base_ref, work.base_sha))]
    red_base = [result for result in base if not result.passed]
    if red_base:
        parts.append(f"{code(work.base_ref or 'base')} is red: {failures(red_base)}.")
    outputs = [_output(result) for result in (*red, *(r for r in head if r.passed))]
    return CheckText(title=title[:250], summary="\n\n".join(parts), text="\n\n".join(outputs))


def rules_check(violations: Sequence[tuple[str, str, str]], files: int) -> CheckText:
    """The verdict of the rules; ``violations`` are rule, path and message."""
    if not violations and not files:
        return CheckText(title="Not checked", summary="No rule was applied to this commit.")
    if not violations:
        return CheckText(
            title="No rule is broken",
            summary=f"{count(files, 'file')} checked: paths, links, size, secrets, author.",
        )
    rows = ["| rule | file | |", "|---|---|---|"]
    rows += [
        f"| {cell(code(rule))} | {cell(code(path))} | {cell(prose(message))} |"
        for rule, path, message in violations
    ]
    _, path, message = violations[0]
    first = line(f"{path}: {message}" if path else message, 160)
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return CheckText(title=f"{first}{more}", summary="\n".join(rows))


def review_check(findings: Sequence[tuple[str, str, str]], by: Player) -> CheckText:
    """What another agent and our own signals say; ``findings`` are severity, place and words."""
    if not findings:
        who = f"{by.named}," if by.label else "Another agent"
        return CheckText(title="Nothing found", summary=f"{who} read plan and difference.")
    rows = ["| | where | |", "|---|---|---|"]
    rows += [
        f"| {cell(severity)} | {cell(code(place))} | {cell(prose(words))} |"
        for severity, place, words in findings
    ]
    rows += ["", f"By {by.named}."] if by.label else []
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return CheckText(title=f"{line(findings[0][2], 160)}{more}", summary="\n".join(rows))


def _output(result: CommandResult) -> str:
    end = result.problem or f"exit {result.exit_code}"
    head = f"{code(result.command)}: {end}, {result.seconds:.1f} s"
    return f"{head}\n\n{fence(result.output)}" if result.output.strip() else head
