"""The tick boxes in what Coppice writes; `handlers/ticks.py` reads the ticked ones."""

from bot.github.texts import money
from bot.runs import Budget

_KINDS = ("minutes", "tokens", "turns")
SHOWN = 8
"""Characters of a hash that people see and type."""


def box(label: str) -> str:
    """Write an empty box."""
    return f"- [ ] {label}"


STOP = box("Stop")
RETRY = box("Retry")
RUN_CI = box("Run CI")
READY = box("Ready for review")


def approve(plan_hash: str) -> str:
    return box(f"Approve plan `{plan_hash[:SHOWN]}`")


def amend(amendment_hash: str) -> str:
    return box(f"Approve amendment `{amendment_hash[:SHOWN]}`")


def go_on(overlap_hash: str) -> str:
    return box(f"Go on all the same `{overlap_hash[:SHOWN]}`")


def retry_with(more: Budget, ended: str) -> str:
    """The way on when the money is spent, or whatever kind of a budget ``ended`` says."""
    kind = next((kind for kind in _KINDS if f" {kind} used" in ended), "usd")
    amount = getattr(more, kind)
    wanted = Budget.model_validate({kind: amount}) if amount else more
    said = money.budget(wanted)
    return box(f"Retry with {said} more") if said else RETRY
