"""Money, minutes and tokens as people read them."""

from bot.github.texts.moments import count
from bot.runs import Budget, Spend


def usd(amount: float) -> str:
    """`$0.05`."""
    return f"${amount:.2f}"


def budget(limit: Budget) -> str:
    """`$2.00 and 30 min`; empty where nothing is bounded."""
    parts = [
        usd(limit.usd) if limit.usd is not None else "",
        f"{limit.minutes:g} min" if limit.minutes is not None else "",
        f"{limit.tokens:,} tokens" if limit.tokens is not None else "",
        f"{limit.turns:,} turns" if limit.turns is not None else "",
    ]
    return " and ".join(part for part in parts if part)


def at_most(limit: Budget) -> str:
    said = budget(limit)
    return f"at most {said}" if said else ""


def spent(spend: Spend, limit: Budget) -> str:
    """`$0.05 of $2.00`; tokens where no price is known, empty where no model answered."""
    if not spend.answered:
        return ""
    if spend.unpriced:
        return f"{spend.tokens:,} tokens"
    if spend.subscribed == spend.answered:
        return "subscription"
    besides = " + subscription" if spend.subscribed else ""
    of = f" of {usd(limit.usd)}" if limit.usd is not None else ""
    return f"{usd(spend.usd)}{of}{besides}"


def calls(made: int, unanswered: int) -> str:
    """`3 calls`, and how many of them nobody answered."""
    said = count(made, "call")
    if not unanswered:
        return said
    return f"{said}{'' if unanswered == made else f', {unanswered} of them'} without an answer"
