"""Money, minutes and tokens as people read them."""

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
    """`$0.05 of $2.00`; tokens where no price is known, empty where no model was asked."""
    if not spend.calls:
        return ""
    if spend.unpriced:
        return f"{spend.tokens:,} tokens"
    if spend.subscribed == spend.calls:
        return "subscription"
    besides = " + subscription" if spend.subscribed else ""
    of = f" of {usd(limit.usd)}" if limit.usd is not None else ""
    return f"{usd(spend.usd)}{of}{besides}"
