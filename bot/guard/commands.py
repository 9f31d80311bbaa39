"""Find slash commands in a comment: `/coppice VERB …` on a line of its own.

A command stands in a paragraph at the top level of the Markdown, as plain text from the line's
first character. It is none in a list, a quote (lazy continuation included), a heading, a table,
code, emphasis, a link, an HTML block or comment, or between the tags of ``<details>`` and its
like. Verbs are read without case.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

PREFIX = "/coppice"
MOST = 10
"""Commands read in one comment; what follows is ignored."""

LONGEST = 16_000
"""Characters of a paragraph with a command; longer ones are not read, they cost seconds."""

_COMMAND = re.compile(r"/coppice(?=\s|\Z)(.*)", re.IGNORECASE)
_HTML_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)\b[^<>]*?(/?)>", re.IGNORECASE)
_FOLDING = frozenset(
    {"details", "blockquote", "pre", "code", "div", "table", "template", "section"}
)
_MARK = "\ue000"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command as it was written; ``verb`` is lower case and empty for `/coppice` alone."""

    line: int
    """In the comment, from 1."""
    verb: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """As people would type it."""
        return " ".join((PREFIX, self.verb, *self.words)).rstrip()


def find_commands(body: str) -> list[CommandLine]:
    """Return the commands of a comment in the order in which they stand."""
    if PREFIX not in body.lower():
        return []
    text = re.sub(r"\r\n?", "\n", body).replace(_MARK, "")
    blocks = MarkdownIt("commonmark").enable("table").disable("inline").parse(text)
    return [command for block in _paragraphs(blocks) for command in _read(block)][:MOST]


def _paragraphs(blocks: list[Token]) -> Iterator[Token]:
    """Yield the text of paragraphs at the top level that no HTML element holds."""
    held = 0
    for block, text in itertools.pairwise(blocks):
        if block.type == "html_block":
            held = max(0, held + _opened(block.content))
        top = block.type == "paragraph_open" and block.level == 0
        if top and not held and len(text.content) <= LONGEST:
            yield text


def _opened(html: str) -> int:
    tags = [tag for tag in _HTML_TAG.findall(html) if tag[1].lower() in _FOLDING and not tag[2]]
    return sum(-1 if closing else 1 for closing, _, _ in tags)


def _read(paragraph: Token) -> Iterator[CommandLine]:
    lines = paragraph.content.split("\n")
    written = {n: match for n, line in enumerate(lines) if (match := _COMMAND.match(line))}
    if not written:
        return
    first = (paragraph.map or [0, 0])[0] + 1
    plain = _plain_lines(lines, set(written))
    for n in sorted(plain):
        verb, *words = written[n][1].split() or [""]
        yield CommandLine(line=first + n, verb=verb.lower(), words=tuple(words))


def _plain_lines(lines: list[str], candidates: set[int]) -> set[int]:
    """Tell which lines begin as plain text: mark each, and look where the marks come out."""
    marked = [
        f"{_MARK}{n}{_MARK}{line[len(PREFIX) :]}" if n in candidates else line
        for n, line in enumerate(lines)
    ]
    inline = MarkdownIt("commonmark").parseInline("\n".join(marked))[0].children or []
    found = set()
    for before, token in zip([None, *inline], inline, strict=False):
        begins = before is None or before.type in ("softbreak", "hardbreak")
        if begins and token.type == "text" and token.level == 0 and token.content[:1] == _MARK:
            found.add(int(token.content.split(_MARK)[1]))
    return found
