"""Fill a repository's pull request template where we know what goes there; people do the rest.

A template is data: nothing in it is carried out, mentions nobody and closes nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.github.markdown import plain

FOLDERS = (".github", "", "docs")
"""Where GitHub looks, in order."""
NAMES = ("pull_request_template.md", "pull_request_template.txt", "pull_request_template")
MOST_BYTES = 65_536
MOST_CHARACTERS = 16_000

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCED = re.compile(r"^ {0,3}(```+|~~~+).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_MARKER = re.compile(r"coppice\s*:", re.IGNORECASE)
_TICKED = re.compile(r"^(\s*[-*+]\s+)\[[xX]\]", re.MULTILINE)
_HEADING = re.compile(
    r"^ {0,3}(?:#{1,6}[ \t]+(?P<a>.+?)[ \t#]*|\*\*(?P<b>[^*\n]+)\*\*:?[ \t]*)$", re.M
)
_DESCRIBES = re.compile(
    r"descri|summary|overview|what|changes?\b|motivation|proposed|pull request", re.I
)
_TESTS = re.compile(r"test|verif", re.I)
_ISSUE = re.compile(r"\b(issues?|tickets?|fixes|closes|resolves)\b", re.I)
_CLOSES = re.compile(
    r"^(?P<word>[ \t]*(?:[-*+][ \t]+)?(?:fix(?:es)?|close[sd]?|resolve[sd]?)[ \t]*:?[ \t]*)"
    r"#?[ \t]*(?:\(?(?:issue|number|issue[ _-]?(?:number|id)|id|n+|x+)\)?|<!--[^\n]*-->)?[ \t]*$",
    re.I | re.M,
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands around our part."""

    above: str
    below: str


def clean(content: bytes) -> str:
    """Make a template's text harmless; empty where it is no text or far too long."""
    if len(content) > MOST_BYTES:
        return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    text = _TICKED.sub(r"\1[ ]", _MARKER.sub("coppice ", plain(text))).strip()
    return text if len(text) <= MOST_CHARACTERS else text[: text.rfind("\n", 0, MOST_CHARACTERS)]


def fill(text: str, closes: str, *, tested: bool) -> Filled:
    """Put the issue and where the proof is in, and say where our part goes.

    ``closes`` says what becomes of the issue: `Closes #7`, or `Part of #7`.

    Under the heading that asks for a description, else on top.
    """
    sections = list(_sections(text))
    ours = next((s for s in sections if _DESCRIBES.search(s.title)), None)
    above = text[: ours.begin] if ours else ""
    parts = [] if ours else [text[: sections[0].heading] if sections else text]
    for section in sections:
        if ours is not None and section.heading < ours.heading:
            continue
        body = text[section.begin : section.end]
        if section is not ours:
            body = text[section.heading : section.begin] + _known(
                section, body, closes, ours, tested
            )
        parts.append(body)
    closed = _CLOSES.sub(lambda found: _closed(found, closes), "".join(parts))
    return Filled(above=above.strip(), below=closed.strip())


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    heading: int
    begin: int
    end: int
    empty: bool
    """Nobody sees anything in it."""


def _sections(text: str) -> Iterator[_Section]:
    """The parts below headings; what stands in comments and code is none."""
    hidden = _FENCED.sub(_blank, _COMMENT.sub(_blank, text))
    found = list(_HEADING.finditer(hidden))
    for n, heading in enumerate(found):
        end = found[n + 1].start() if n + 1 < len(found) else len(text)
        yield _Section(
            title=heading["a"] or heading["b"],
            heading=heading.start(),
            begin=heading.end(),
            end=end,
            empty=not hidden[heading.end() : end].strip(),
        )


def _blank(found: "re.Match[str]") -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _closed(found: "re.Match[str]", closes: str) -> str:
    """A line that is to say what is closed, in the repository's own word where something is."""
    word, _, number = closes.rpartition(" ")
    return f"{found['word'].rstrip() if word == 'Closes' else word} {number}"


def _known(section: _Section, body: str, closes: str, ours: _Section | None, tested: bool) -> str:  # noqa: FBT001
    """Answer a section that nobody has written anything in, where the answer is known."""
    if not section.empty:
        return body
    if _ISSUE.search(section.title):
        return f"\n\n{closes}\n{body}"
    if _TESTS.search(section.title):
        where = f"under “{ours.title.strip()}”" if ours else "above"
        said = f"Run by Coppice: the table {where}." if tested else "Nothing was run."
        return f"\n\n{said}\n{body}"
    return body
