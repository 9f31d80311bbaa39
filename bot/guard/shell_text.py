"""Texts as a shell writes them: escapes and braces."""

import re

MOST_WORDS = 256


class Unreadable(Exception):
    """No shell command, or one that is too deep or too long; the text says which."""


_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
}
ANSI = re.compile(
    r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}|.)", re.DOTALL
)
_BRACES = re.compile(r"(.*?)\{([^{}]*,[^{}]*)\}(.*)", re.DOTALL)


def braces(text: str) -> list[str]:
    """Spread `a{b,c}` to `ab` and `ac`; raises Unreadable where that comes to very many."""
    found, left = [], [text]
    while left:
        match = _BRACES.fullmatch(left[-1])
        one = left.pop()
        if match is None:
            found.append(one)
        else:
            parts = match[2].split(",")
            left += [f"{match[1]}{part}{match[3]}" for part in reversed(parts)]
        if len(found) + len(left) > MOST_WORDS:
            raise Unreadable("it has too many words in braces")
    return found


def unescaped(text: str) -> str:
    """Read what stands in `$'…'`."""
    return ANSI.sub(_one, text)


def _one(match: "re.Match[str]") -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        return chr(min(int(code[1:], 16), 0x10FFFF))
    return chr(int(code, 8)) if re.fullmatch("[0-7]+", code) else _ESCAPES.get(code, code)
