"""How long a model's host asks to wait, in the several ways in which hosts say it; pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.agent.gateway.tokens import part

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_WORDS = re.compile(r"(?:try again|retry) (?:in|after) ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)")
_SPENT = ("insufficient_quota", "billing_not_active", "credit balance is too low")


def seconds(headers: Mapping[str, str], told: Mapping[str, Any], now: float) -> float | None:
    """Read how long to wait, in seconds from `now` (Unix time); None: it does not say."""
    first = next(_asked(headers, told, now), None)
    return None if first is None else max(0.0, first)


def is_spent(told: str) -> bool:
    """Say whether no waiting will help: the account has no credit."""
    return any(word in told for word in _SPENT)


def _asked(headers: Mapping[str, str], told: Mapping[str, Any], now: float) -> Iterator[float]:
    """Give what is said, the plainest first."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        yield milliseconds / 1000
    after = headers.get("retry-after", "")
    if (moment := _number(after)) is not None or (moment := _date(after, now)) is not None:
        yield moment
    yield from _retry_info(told)
    resets = list(_resets(headers, now))
    if resets:
        yield max(resets)
    words = _WORDS.search(str(part(told, "error").get("message", "")).lower())
    if words:
        yield _duration(words[1]) or 0.0


def _resets(headers: Mapping[str, str], now: float) -> Iterator[float]:
    """Read when a limit starts anew; of several, only those that are used up."""
    for name, value in headers.items():
        name = name.lower()
        if "ratelimit" not in name or "reset" not in name:
            continue
        left = headers.get(name.replace("reset", "remaining"), "0")
        if _number(left) not in (None, 0.0):
            continue
        wait = _duration(value) if _number(value) is None else _number(value)
        wait = _date(value, now) if wait is None else wait
        if wait is not None:
            yield _relative(wait, now)


def _relative(wait: float, now: float) -> float:
    """Some hosts give a moment, in seconds or milliseconds, in the place of a duration."""
    if wait > 1e12:
        return wait / 1000 - now
    return wait - now if wait > 1e9 else wait


def _retry_info(told: Mapping[str, Any]) -> Iterator[float]:
    """Read Google's RetryInfo."""
    details = part(told, "error").get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("RetryInfo"):
            wait = _duration(str(detail.get("retryDelay", "")))
            if wait is not None:
                yield wait


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,15}(\.\d{1,9})?", text.strip()) else None


def _duration(text: str) -> float | None:
    text = text.strip()
    if len(text) > 40 or not _DURATION.fullmatch(text):
        return None
    return sum(float(n) * _UNITS[unit] for n, unit in _PIECE.findall(text))


def _date(text: str, now: float) -> float | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text.strip())
        except (ValueError, TypeError, IndexError):
            continue
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp() - now
    return None
