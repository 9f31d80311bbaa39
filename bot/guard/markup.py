"""Where Markdown holds text that GitHub does not show; code is left alone: it is shown as it is."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_COVERING = {"inline", "fence", "code_block", "html_block", "hr", "heading_open", "table_open"}
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_INFO = re.compile(r"[ \t]*\S*+[ \t]+(\S.*)")
_TAG = re.compile(
    r"</?[A-Za-z][A-Za-z0-9-]*(?P<attributes>\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)?/?>"
)
# Inside an HTML block GitHub's HTML parser decides, and it is less strict than Markdown.
_LOOSE_TAG = re.compile(
    r"</?[A-Za-z][^\s/>]*(?P<attributes>[\s/](?:[^>\"']|\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z))*)?(?:>|\Z)"
)
_KEPT = re.compile(r"\s(?:href|src)\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'=<>`/]+)", re.I)
_COMMENTS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
_DECLARATION = re.compile(r"<![A-Za-z][^>]*>")
_UNSEEN = ("template", "noscript", "object", "svg", "math", "audio", "video", "canvas", "select")
_BRACKET = re.compile(r"\\.|!?\[|\]", re.DOTALL)
_TITLE = re.compile(
    r"\]\([ \t\n]*(?:<[^<>\n]*>|[^\s()<>]+)"
    r"(\s+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))\s*\)"
)
_DEFINITION = re.compile(r"[ >]*\[(?P<label>[^\]]+)\]:[ \t]*(?:<[^<>]*>|\S+)(?P<rest>.*)")
_FOOTNOTE = re.compile(
    r"^ {0,3}\[\^(?P<label>[^\]\s]+)\]:.*(?:\n(?![ \t]*(?:\n|\Z)| {0,3}\[\^).*)*"
    r"(?:\n(?:[ \t]*\n)+(?: {4}|\t).*)*",
    re.M,
)
_STRUCTURE = re.compile(r"[\s>*+\-0-9.)|:=]*")
_MASK = "\x01"


class Kind(StrEnum):
    """Why a piece is not seen."""

    INVISIBLE = "invisible characters"
    COMMENT = "HTML comment"
    ELEMENT = "element that is not shown"
    ATTRIBUTE = "HTML attributes"
    ALT = "alternative text of a picture"
    TITLE = "title of a link"
    INFO = "words after the language of a code block"
    DEFINITION = "definition that is not shown"
    LENGTH = "more than GitHub takes"


class Piece(NamedTuple):
    """Hidden text in a document, and what stays in its place."""

    start: int
    end: int
    kind: Kind
    instead: str = ""


def hidden(text: str) -> list[Piece]:
    """Find the outermost pieces; what they covered may turn up when they are gone."""
    page = _Page(text)
    found = sorted(
        [
            *_comments(page),
            *_elements(page),
            *_attributes(page),
            *_definitions(page),
            *_words(page),
        ],
        key=lambda piece: (piece.start, -piece.end),
    )
    apart: list[Piece] = []
    for piece in found:
        if not apart or piece.start >= apart[-1].end:
            apart.append(piece)
    return apart


class _Page:
    """A document, its copy with code blotted out, and where its blocks lie."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [0]
        for line in text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        tokens = MarkdownIt("commonmark").enable("table").disable("inline").parse(text)
        self.html: list[tuple[int, int]] = []
        self.infos: list[tuple[int, int]] = []
        self.covered: set[int] = set()
        code = [span for token in tokens for span in self._read(token)]
        self.plain = _blot(text, code)

    def _read(self, token: Token) -> Iterator[tuple[int, int]]:
        """Note where a block lies; yield what of it is code."""
        if token.map is None or token.type not in _COVERING:
            return
        first, last = token.map
        self.covered.update(range(first, last))
        start, end = self.lines[first], min(self.lines[last], len(self.text))
        if token.type == "html_block":
            self.html.append((start, end))
        elif token.type == "fence":
            words = self.text.index(token.markup, start) + len(token.markup)
            if info := _INFO.match(self.text, words, self.lines[first + 1] - 1):
                self.infos.append(info.span(1))
            yield start, end
        elif token.type == "code_block":
            yield start, end
        elif token.type == "inline":
            yield from (match.span() for match in _CODE_SPAN.finditer(self.text, start, end))

    def in_html(self, at: int) -> bool:
        return any(start <= at < end for start, end in self.html)


def _blot(text: str, code: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in sorted(code):
        if start >= at:
            parts += [
                text[at:start],
                "".join("\n" if c == "\n" else _MASK for c in text[start:end]),
            ]
            at = end
    return "".join([*parts, text[at:]])


def _comments(page: _Page) -> Iterator[Piece]:
    for opener, closer in _COMMENTS:
        at = page.plain.find(opener)
        while at >= 0:
            end = page.plain.find(closer, at + 2)
            if end < 0 and not page.in_html(at):
                break  # shown as it stands
            end = len(page.plain) if end < 0 else end + len(closer)
            yield Piece(at, end, Kind.COMMENT)
            at = page.plain.find(opener, end)
    for match in _DECLARATION.finditer(page.plain):
        yield Piece(*match.span(), Kind.COMMENT)


def _elements(page: _Page) -> Iterator[Piece]:
    folded = page.plain.lower()  # as long as the text: only ASCII names are looked for
    if len(folded) != len(page.plain):
        folded = page.plain
    for name in _UNSEEN:
        closer, at = f"</{name}", folded.find(f"<{name}")
        while at >= 0:
            close = folded.find(closer, at)
            end = folded.find(">", close) + 1 if close >= 0 else 0
            if not end:
                break
            yield Piece(at, end, Kind.ELEMENT)
            at = folded.find(f"<{name}", end)


def _attributes(page: _Page) -> Iterator[Piece]:
    spans = [(_TAG, 0, len(page.plain))] + [(_LOOSE_TAG, *span) for span in page.html]
    for pattern, start, end in spans:
        for match in pattern.finditer(page.plain, start, end):
            attributes = match["attributes"] or ""
            kept = "".join(_KEPT.findall(attributes))
            if attributes.rstrip(" /") != kept:
                yield Piece(*match.span("attributes"), Kind.ATTRIBUTE, kept)


def _words(page: _Page) -> Iterator[Piece]:
    for match in _TITLE.finditer(page.plain):
        yield Piece(*match.span(1), Kind.TITLE)
    for start, end in page.infos:
        yield Piece(start, end, Kind.INFO)
    open_brackets: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(page.plain):
        if match[0] != "]":
            open_brackets += [(match[0], match.end())] if match[0] in ("[", "![") else []
        elif open_brackets:
            bracket, start = open_brackets.pop()
            if bracket == "![" and start < match.start():
                yield Piece(start, match.start(), Kind.ALT)


def _definitions(page: _Page) -> Iterator[Piece]:
    used = page.plain.casefold()
    for match in _FOOTNOTE.finditer(page.text):  # an indented part of it looks like code
        if (
            page.plain[match.end("label")] != _MASK
            and used.count(f"[^{match['label']}]".casefold()) < 2
        ):
            yield Piece(*match.span(), Kind.DEFINITION)
    for number, start in enumerate(page.lines[:-1]):
        if number in page.covered:
            continue
        end = page.lines[number + 1] - 1
        if _STRUCTURE.fullmatch(page.plain, start, end):
            continue
        definition = _DEFINITION.fullmatch(page.plain, start, end)
        if definition is None or used.count(f"[{definition['label']}]".casefold()) < 2:
            yield Piece(start, end, Kind.DEFINITION)
        elif definition["rest"].strip():
            yield Piece(*definition.span("rest"), Kind.DEFINITION)
