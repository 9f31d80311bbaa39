"""What the audit log is told: who asked for what, who began, stopped or approved a run, and what
it may spend.
"""

from bot.runs import Again, Commanded, Gate, Json, Message, Run
from bot.store.audit import Act, Entry


def started(run: Run) -> Entry:
    budget = run.trigger.options.budget
    data = {"pipeline": run.pipeline, "agent": run.agent, "budget": budget and str(budget)}
    return _entry(run, run.trigger.by.login, Act.RUN_STARTED, data)


def again(run: Run, asked: Again) -> Entry:
    """Keyed by the retry: its delivery may be handled twice."""
    data = {
        "stage": asked.stage,
        "budget": None if asked.budget is None else str(asked.budget),
        "publish": asked.publish,
    }
    return _entry(run, asked.by, Act.RUN_AGAIN, data, key=f"again/{run.id}/{asked.key}")


def stopped(run: Run, message: Message) -> Entry:
    return _entry(run, message.by, Act.RUN_STOPPED, {"reason": message.reason})


def approved(run: Run, gate: Gate, message: Message) -> Entry:
    """Keyed by what was approved, and how often approvals were void before."""
    digest = gate.asks
    key = f"approved/{run.id}/{message.by_id}/{digest}/{gate.base_sha}/{len(gate.void)}"
    data = {"hash": digest, "base": gate.base_sha, "amendment": gate.amendment is not None}
    return _entry(run, message.by, Act.APPROVED, data, key=key)


def approval_refused(run: Run, message: Message, why: str) -> Entry:
    key = f"approval refused/{run.id}/{message.by_id}/{message.hash}/{why}"
    return _entry(run, message.by, Act.APPROVAL_REFUSED, {"why": why}, key=key)


def commanded(asked: Commanded) -> Entry:
    return Entry(
        who=asked.by,
        act=Act.COMMAND,
        key=f"command/{asked.key}",
        installation_id=asked.repository.installation_id,
        repository_id=asked.repository.id,
        data={"verb": asked.verb, "done": asked.why_not is None, "why_not": asked.why_not},
    )


def _entry(
    run: Run, by: str | None, act: Act, data: dict[str, Json], *, key: str | None = None
) -> Entry:
    return Entry(
        who=by or "-",
        act=act,
        key=key,
        installation_id=run.repository.installation_id,
        repository_id=run.repository.id,
        run_id=run.id,
        data=data,
    )
