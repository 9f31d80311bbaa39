"""Find slash commands in a comment: `/coppice VERB …`, or `/VERB …`, on a line of its own.

A command stands in a paragraph at the top level of the Markdown, as plain text from the line's
first character. It is none in a list, a quote (lazy continuation included), a heading, a table,
code, emphasis, a link, an HTML block or comment, between the tags of ``<details>`` and its like,
or below the head of a mail that is answered. Verbs are read without case.
"""

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.guard.mail import own_words

PREFIX = "/coppice"
MOST = 10
"""Commands read in one comment; what follows is ignored."""

LONGEST = 4_000
"""Characters of a paragraph with a command; longer ones are not read, their time is quadratic."""

MOST_LINES = 2_000
"""Of a comment; in longer ones no command is read. Both keep a hostile one below 0.1 s."""

VERBS = frozenset(
    {
        *("run", "plan", "approve", "reject", "retry", "review", "stop", "fix", "rebase"),
        *("ci", "ready", "patch", "why", "pause", "resume", "help"),
    }
)
"""Of the commands that there are; ``handlers/commands`` says what they do."""

_MAYBE = re.compile(r"^[ \t]{0,3}/[a-z]", re.IGNORECASE | re.MULTILINE)
_COMMAND = re.compile(r"/([a-z-]+)(?=\s|\Z)(.*)", re.IGNORECASE)
_HTML_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)\b[^<>]*?(/?)>", re.IGNORECASE)
_NO_TAG = re.compile(r"`+[^`]*`+|\\<")
"""Code and escapes within a line, as far as a tag may stand in them."""
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

    short: bool = False
    """It was written without `/coppice` before it."""
    below: str = ""
    """What follows in the same paragraph, up to the next command: the rest of a note."""

    @property
    def text(self) -> str:
        """As people would type it."""
        start = f"/{self.verb}" if self.short else f"{PREFIX} {self.verb}"
        return " ".join((start, *self.words)).rstrip()

    @property
    def note(self) -> str:
        """Everything after `/coppice`, where that is no verb."""
        return "\n".join(filter(None, (" ".join((self.verb, *self.words)), self.below)))


def find_commands(body: str, short: Collection[str] = ()) -> list[CommandLine]:
    """Return the commands of a comment in the order in which they stand.

    ``short`` are the verbs that may stand without `/coppice` before them. A comment with no line
    that begins with a slash is not parsed at all.
    """
    text = re.sub(r"\r\n?", "\n", body).replace(_MARK, "")
    if not _MAYBE.search(text) or text.count("\n") >= MOST_LINES:
        return []
    blocks = _blocks().parse(own_words(text))
    found = (command for block in _paragraphs(blocks) for command in _read(block, short))
    return list(itertools.islice(found, MOST))


def means_a_verb(line: CommandLine) -> bool:
    """Tell a command from other words for a run: a verb, or one word that is nearly one."""
    if not line.verb or line.verb.rstrip(".,!") in VERBS:
        return True
    alone = not line.words and not line.below
    return alone and bool(get_close_matches(line.verb, VERBS, n=1))


def beside_commands(body: str, *, short: bool = False) -> str:
    """Return what a review says beside its lines that are commands; ``short`` as they are heard."""
    found = find_commands(body, VERBS if short else ())
    taken = {command.line for command in found if means_a_verb(command)}
    if not taken:
        return body
    lines = enumerate(re.sub(r"\r\n?", "\n", body).split("\n"), 1)
    return "\n".join(line for n, line in lines if n not in taken).strip()


# Built once, and used before any two threads share them: their rules are compiled at first use.
@cache
def _blocks() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    parser.parse("x")
    return parser


@cache
def _inline() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.parseInline("x")
    return parser


def _paragraphs(blocks: list[Token]) -> Iterator[Token]:
    """Yield the text of paragraphs at the top level that no HTML element holds."""
    held = 0
    for block, text in itertools.pairwise(blocks):
        if block.type == "html_block":
            held = max(0, held + _opened(block.content))
        within = _opened(_NO_TAG.sub("", text.content)) if text.type == "inline" else 0
        top = block.type == "paragraph_open" and block.level == 0
        if top and not held and within <= 0 and len(text.content) <= LONGEST:
            yield text
        held = max(0, held + within)


def _opened(html: str) -> int:
    tags = [tag for tag in _HTML_TAG.findall(html) if tag[1].lower() in _FOLDING and not tag[2]]
    return sum(-1 if closing else 1 for closing, _, _ in tags)


def _read(paragraph: Token, short: Collection[str]) -> Iterator[CommandLine]:
    lines = paragraph.content.split("\n")
    known = {PREFIX[1:], *short}
    written = {
        n: match
        for n, line in enumerate(lines)
        if (match := _COMMAND.match(line)) and match[1].lower() in known
    }
    if not written:
        return
    first = (paragraph.map or [0, 0])[0] + 1
    plain = sorted(_plain_lines(lines, set(written)))
    for n, following in itertools.zip_longest(plain, plain[1:]):
        below = "\n".join(lines[n + 1 : following]).strip()
        yield _command(first + n, written[n], below)


def _command(line: int, match: re.Match[str], below: str) -> CommandLine:
    short = f"/{match[1].lower()}" != PREFIX
    verb, *words = (match[0][1:] if short else match[2]).split() or [""]
    return CommandLine(line=line, verb=verb.lower(), words=tuple(words), short=short, below=below)


def _plain_lines(lines: list[str], candidates: set[int]) -> set[int]:
    """Tell which lines begin as plain text: mark each, and look where the marks come out."""
    marked = [
        f"{_MARK}{n}{_MARK}{line[1:]}" if n in candidates else line for n, line in enumerate(lines)
    ]
    inline = _inline().parseInline("\n".join(marked))[0].children or []
    found = set()
    for before, token in zip([None, *inline], inline, strict=False):
        begins = before is None or before.type in ("softbreak", "hardbreak")
        if begins and token.type == "text" and token.level == 0 and token.content[:1] == _MARK:
            found.add(int(token.content.split(_MARK)[1]))
    return found
