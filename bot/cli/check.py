"""What `coppice doctor` finds: one check, its result, and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    check: str
    ok: bool
    detail: str
    mend: str
    """What to do about it; empty where it is ok."""


def good(check: str, detail: str) -> Check:
    return Check(check=check, ok=True, detail=detail, mend="")


def bad(check: str, detail: str, mend: str) -> Check:
    return Check(check=check, ok=False, detail=detail, mend=mend)
