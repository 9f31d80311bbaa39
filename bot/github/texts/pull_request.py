"""Title and body of the draft pull request: the proof first, all of it run by Coppice."""

from bot.github.markdown import code, folded, line, prose
from bot.github.texts import boxes
from bot.github.texts.commits import not_skipping
from bot.github.texts.money import calls, spent
from bot.github.texts.players import Player, cast, player
from bot.github.texts.results import commit, failures, table
from bot.runs import Budget, CommandResult, Record, Run, Spend, Work

TITLE_LENGTH = 120


class Evidence(Record):
    """What the pull request's body shows."""

    run: Run
    summary: str | None = None
    """What was wrong and what it does now, in the words of the plan or the agent."""
    read_first: tuple[str, str] | None = None
    """Where a reviewer's minutes go, and why: the agent's words."""
    left: tuple[str, ...] = ()
    """What of the issue this does not do."""
    asks_ci: bool = True
    """The repository's own CI runs only where somebody asked for it."""
    good: bool = True
    """No review that has to be heeded stands against it."""
    base: tuple[CommandResult, ...] = ()
    head: tuple[CommandResult, ...] = ()
    failed_attempts: tuple[str, ...] = ()
    """As in ``Status``; the last attempt is the one that passed."""
    attempts: int = 1
    """How many there were."""
    spend: tuple[tuple[str, str, Spend], ...] = ()
    """By role and model."""
    findings: tuple[str, ...] = ()
    """What the review found and nobody has mended, in its own words."""
    agent_label: str | None = None
    other_agents: tuple[Player, ...] = ()
    """Roles that the repository gives to another agent than the run's."""
    box: str
    """`bubblewrap, no network`."""
    not_checked: tuple[str, ...] = ()
    """Further things that nobody has checked (`Python 3.9 to 3.11`)."""


def pull_request_title(run: Run) -> str:
    """Name it in the repository's style, else as the issue; without what would close or mention
    something when it is squashed."""
    wanted = run.work.title or run.trigger.title
    return line(not_skipping(line(wanted, 1000)), TITLE_LENGTH) or f"Resolve issue {run.issue}"


def pull_request_body(evidence: Evidence) -> str:
    """Write our part of the body, without its markers."""
    run = evidence.run
    parts = [
        f"{closing(evidence)} #{run.issue}",
        prose(evidence.summary or ""),
        _proof(evidence),
        _found(evidence),
        _to_read(evidence),
        _boxes(evidence),
        _details(evidence),
        _signature(evidence),
    ]
    return "\n\n".join(part for part in parts if part)


def closing(evidence: Evidence) -> str:
    """The word before the issue's number: what leaves something undone closes nothing."""
    return "Closes" if evidence.good and not evidence.left else "Part of"


def _proof(evidence: Evidence) -> str:
    work = evidence.run.work
    if not evidence.head:
        return "**Not verified:** `.github/coppice.yml` names no commands, so nothing was run."
    there, here = commit(work.base_ref, work.base_sha), f"here {(work.head_sha or '')[:7]}".strip()
    lines = [table(evidence.head, evidence.base, here=here, there=there)]
    red = [result for result in evidence.base if not result.passed]
    if red:
        lines.append(f"{code(work.base_ref or 'base')} is red without this: {failures(red)}.")
    return "\n\n".join(lines)


def _found(evidence: Evidence) -> str:
    if not evidence.findings:
        return ""
    rows = [f"- {prose(finding)}" for finding in evidence.findings]
    return "\n".join(["Left by the review:", "", *rows])


def _to_read(evidence: Evidence) -> str:
    """Where to begin, what is left, and what nobody has looked at."""
    lines = []
    if evidence.read_first is not None:
        place, why = evidence.read_first
        said = prose(line(why, 200)).rstrip(".")
        lines.append(f"Read first: {code(place)}{f', {said}' if said else ''}.")
    if evidence.left:
        listed = "; ".join(prose(line(each, 500)).rstrip(".") for each in evidence.left)
        lines.append(f"Left: {listed}.")
    return "\n".join(part for part in (*lines, _not_checked(evidence)) if part)


def _not_checked(evidence: Evidence) -> str:
    items = list(evidence.not_checked)
    if evidence.asks_ci and not evidence.run.work.ci:
        items.append("your CI")
    return f"Not checked: {'; '.join(items)}." if items else ""


def _boxes(evidence: Evidence) -> str:
    work = evidence.run.work
    shown = [
        "" if work.ci or not evidence.asks_ci else boxes.RUN_CI,
        "" if work.ready or work.pull_request_note else boxes.READY,
    ]
    return "\n".join(box for box in shown if box)


def _plan(evidence: Evidence) -> str:
    """Which plan it was, and who approved it."""
    gate = evidence.run.work.gate
    if gate is None:
        return ""
    by = ", ".join(code(login) for login in gate.people)
    beside = ", ".join(code(path) for path in gate.amended)
    approved = f", approved by {by}" if by else ""
    outside = f"outside it: {beside}" if beside else "no file outside it"
    return f"Plan `{gate.hash[: boxes.SHOWN]}`{approved}; {outside}."


def _details(evidence: Evidence) -> str:
    lines = [_plan(evidence)]
    lines += [
        f"Attempt {number}: {reason.rstrip('.')}."
        for number, reason in enumerate(evidence.failed_attempts, 1)
    ]
    if evidence.head:
        lines.append(f"Attempt {evidence.attempts}: passed.")
    lines += [
        f"{role.capitalize()}: {_cost(model, spend)}." for role, model, spend in evidence.spend
    ]
    agents = cast(evidence.run.agent, evidence.agent_label, evidence.other_agents)
    lines.append(f"Agent: {agents}. Box: {evidence.box}.{_links(evidence)}")
    lines.append(_repeat(evidence))
    return folded(_summary(evidence), "\n".join(part for part in lines if part))


def _summary(evidence: Evidence) -> str:
    """`Plan, attempts, $0.63`: what is folded away."""
    total = sum((spend for _, _, spend in evidence.spend), Spend())
    plan = "plan" if evidence.run.work.gate else ""
    parts = [part for part in (plan, "attempts", spent(total, Budget())) if part]
    told = ", ".join(parts)
    return told[:1].upper() + told[1:]


def _links(evidence: Evidence) -> str:
    work = evidence.run.work
    links = [
        f"[Log]({work.check_run_url})" if work.check_run_url else "",
        f"[what the agent was given]({work.status_comment_url})" if work.status_comment_url else "",
        _patch(work),
    ]
    told = " · ".join(link for link in links if link)
    return f" {told}" if told else ""


def _patch(work: Work) -> str:
    """The whole of it as GitHub's own page gives it to readers."""
    page, _, _ = (work.status_comment_url or "").rpartition("/issues/")
    if not (page and work.base_sha and work.head_sha):
        return ""
    return f"[patch]({page}/compare/{work.base_sha}...{work.head_sha}.patch)"


def _cost(model: str, spend: Spend) -> str:
    """`qwen3-coder, 12 calls, $0.58`."""
    known = spent(spend, Budget()) + (" at an unknown price" if spend.unpriced else "")
    said = (code(model), calls(spend.calls, spend.unanswered), known)
    return ", ".join(part for part in said if part)


def _repeat(evidence: Evidence) -> str:
    work = evidence.run.work
    if not (evidence.head and work.branch and work.head_sha):
        return ""
    fetch = f"git fetch origin {work.branch} && git switch -d {work.head_sha[:7]}"
    commands = " && ".join(result.command for result in evidence.head if "\n" not in result.command)
    return f"Repeat: {code(f'{fetch} && {commands}' if commands else fetch)}"


def _signature(evidence: Evidence) -> str:
    by = code(evidence.run.trigger.by.login)
    label, others = evidence.agent_label, evidence.other_agents
    writer = player("implement", evidence.run.agent, label, others)
    if writer.label:
        return f"Written by a script for {by} ({writer.label})."
    rest = Player(role="otherwise", agent=evidence.run.agent, label=label)
    special = "".join(f"; {each}" for each in (*others, rest) if each.label)
    return f"Written by an AI agent for {by}{special}."
