"""Whether an approval counts: pure decisions on who gave it, for what, and what changed since."""

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.github.texts.boxes import SHOWN
from bot.runs import Amendment, Approval, Gate, Message, Permission, Person

SHORTEST_HASH = 4
LONGEST_EDIT = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the repository asks of approvals, with its answers of this moment."""

    count: int = 1
    requester: Person | None = None
    """Whoever started the run, where that person does not count."""
    owner: bool = True
    """Whoever approves owns the plan's files, where only owners count."""
    owned: bool = True
    """Anybody owns any of the plan's files, where only owners count."""
    read: bool = False
    """Whoever names no hash could read what waits."""


def names(gate: Gate, said: str) -> bool:
    """Tell whether a hash, or the beginning of one, is what waits now."""
    return len(said) >= SHORTEST_HASH and gate.asks.startswith(said.lower())


def refusal(gate: Gate, message: Message, held: Permission, rules: Rules) -> str | None:
    """Say why this approval does not count, or None."""
    if message.hash is None and not rules.read:
        way = f"tick its box, or write `/coppice approve {gate.asks[:SHOWN]}`"
        return f"it names none, and this one was not there to read yet; {way}"
    if message.hash is not None and not names(gate, message.hash):
        return "it is for another plan than the one that waits"
    if not held.may_write:
        return f"`{message.by}` has {held}; it needs write access"
    if rules.requester is not None and message.by_id == rules.requester.id:
        return "whoever asked for the run does not count here"
    if not rules.owned:
        return "CODEOWNERS names nobody for these files; once it does, an owner can approve"
    if not rules.owner:
        return "only the owners of these files count here (CODEOWNERS)"
    return None


def added(approvals: Sequence[Approval], new: Approval) -> tuple[Approval, ...]:
    """Count a person once."""
    return (*(a for a in approvals if a.by.id != new.by.id), new)


def still_counting(
    given: Sequence[Approval], held: Sequence[Permission], requester: Person | None
) -> tuple[Approval, ...]:
    """Those that count at this moment too; ``held`` is what each person may do now."""
    return tuple(
        approval
        for approval, now in zip(given, held, strict=True)
        if now.may_write and (requester is None or approval.by.id != requester.id)
    )


def voided(gate: Gate, changed: str, at: float, **more: object) -> Gate:
    """Have no approval count any more, because something changed; people have their time anew."""
    return gate.model_copy(
        update={
            "approvals": (),
            "void": (*gate.void, *gate.approvals),
            "changed": changed,
            "refused": None,
            "passed": False,
            "asked_at": at,
            **more,
        }
    )


def passed(gate: Gate) -> Gate:
    """Let the work begin, or go on with the files of its amendment."""
    paths = gate.amendment.paths if gate.amendment else ()
    gone = gate.amendment.gone if gate.amendment else ()
    return gate.model_copy(
        update={
            "passed": True,
            "amendment": None,
            "amended": tuple(dict.fromkeys((*gate.amended, *paths))),
            "amended_gone": (*(path for path in gate.amended_gone if path not in paths), *gone),
            "changed": None,
            "refused": None,
        }
    )


def moved(gate: Gate, changed: str, at: float, base_sha: str) -> Gate:
    """Ask again, because the base is another one in the plan's files: by another hash."""
    asked = gate.amendment
    digest = hashlib.sha256(f"{gate.asks} {base_sha}".encode()).hexdigest()
    if asked is None:
        return voided(gate, changed, at, base_sha=base_sha, anew=digest)
    amendment = asked.model_copy(update={"hash": digest, "asked_at": at})
    return voided(gate, changed, at, base_sha=base_sha, amendment=amendment)


def without_amendment(gate: Gate) -> Gate:
    """Go on with the plan alone, which people let go ahead before."""
    return gate.model_copy(
        update={
            "passed": True,
            "amendment": None,
            "approvals": gate.planned,
            "changed": None,
            "refused": None,
        }
    )


def asks(gate: Gate) -> Amendment | Gate:
    """What waits: the plan, or an amendment of it."""
    return gate.amendment or gate


def edit(before: tuple[str, str], after: tuple[str, str]) -> str:
    """Show what an edit of title and body changed, as a patch of lines."""
    old = [f"# {before[0]}", *before[1].splitlines()]
    new = [f"# {after[0]}", *after[1].splitlines()]
    lines = difflib.unified_diff(old, new, "as planned", "as it is now", lineterm="", n=1)
    text = "\n".join(lines)
    return text if len(text) <= LONGEST_EDIT else f"{text[:LONGEST_EDIT]}\n…"
