"""What a configuration that is a program says in so many words: its literals. Pure."""

import re

_STRING = re.compile(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"|`([^`$\\]*)`")
_REGEX = re.compile(r"/((?:[^/\\\n]|\\.)+)/[a-z]*")
_COMMENT = re.compile(r"(?<![:'\"`*\w/])//[^\n]*|^\s*/\*.*?\*/\s*$", re.DOTALL | re.MULTILINE)
_TEST = re.compile(r"\btest\s*:\s*\{")
_CODES = {"\\\\": "\\", "\\'": "'", '\\"': '"', "\\/": "/"}


def strings_of(text: str, key: str) -> list[str]:
    """The text, or the list of texts, that a key of an object stands for."""
    found: list[str] = []
    for match in re.finditer(rf"\b{key}\s*:\s*", text):
        rest = text[match.end() :]
        part = rest[: rest.find("]") + 1] if rest.startswith("[") else rest.partition("\n")[0]
        if rest.startswith("/") and (regex := _REGEX.match(rest)):
            found.append(regex[1])
            continue
        found += [_plain(next(filter(None, groups), "")) for groups in _STRING.findall(part)]
    return [each for each in found if each]


def test_block(text: str) -> str:
    """What stands in the object `test: {…}` itself; not in objects within it."""
    text = without_comments(text)
    found = _TEST.search(text)
    return _top(text[found.end() :]) if found else ""


def without_comments(text: str) -> str:
    return _COMMENT.sub("", text)


def _top(text: str) -> str:
    """Up to the brace that closes, without what other braces hold."""
    kept: list[str] = []
    depth, quoted = 0, ""
    for letter in text:
        if quoted:
            quoted = "" if letter == quoted else quoted
        elif letter in "'\"`":
            quoted = letter
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth < 0:
                break
            continue
        if depth == 0:
            kept.append(letter)
    return "".join(kept)


def _plain(text: str) -> str:
    for escaped, plain in _CODES.items():
        text = text.replace(escaped, plain)
    return text
