"""Markdown as people write it in issues, to HTML that can do no harm.

HTML in the text stays text, but for comments, which are hidden, `<br>`, and `<details>` with
`<summary>`, which become elements of our own making. Task boxes become buttons where one may tick.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from markupsafe import escape as escape_markup

OPEN = re.compile(r"<details( open)?>\s*(?:<summary>(.*?)</summary>)?\s*$", re.IGNORECASE)
SUMMARY = re.compile(r"<summary>(.*?)</summary>\s*$", re.IGNORECASE)
CLOSE = re.compile(r"</details>\s*$", re.IGNORECASE)
BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
BOX = re.compile(r"\[([ xX])\]\s+")
MENTION = re.compile(r"(?<![\w/@#`])(?:#(\d{1,9})\b|@([A-Za-z0-9][A-Za-z0-9-]{0,38})\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where a text stands: what its references point to, and the form that ticks its boxes."""

    repository: str = ""
    """Path of the repository's page."""
    form: str = ""
    """Id of the form; empty: boxes cannot be ticked."""
    replaced: tuple[str, ...] = ()
    """The lines that a suggested change would take the place of."""


def render_markdown(
    text: str | None, repository: str = "", form: str = "", replaced: tuple[str, ...] = ()
) -> Markup:
    """Render what was written in a conversation, where a line's end is one."""
    setting = Setting(repository=repository, form=form, replaced=replaced)
    return Markup(_TALK.render(text or "", {"setting": setting}))  # noqa: S704 - see above


def render_document(text: str) -> Markup:
    """Render a file, whose lines may end anywhere."""
    return Markup(_FILE.render(text, {"setting": Setting()}))  # noqa: S704 - see above


def _comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """Hide an HTML comment that has its lines to itself; an unclosed one hides the rest."""
    if state.is_code_block(start) or not _line(state, start).startswith("<!--"):
        return False
    last = start
    while last < end and "-->" not in _line(state, last):
        last += 1
    if last < end and _line(state, last).split("-->", 1)[1].strip():
        return False
    if not silent:
        state.line = min(last + 1, end)
    return True


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    if state.is_code_block(start):
        return False
    line = _line(state, start)
    opened, summary, closed = OPEN.match(line), SUMMARY.match(line), CLOSE.match(line)
    if not (opened or summary or closed):
        return False
    if silent:
        return True
    if opened:
        state.push("details_open", "details", 1)
    words = (opened and opened[2]) or (summary and summary[1])
    if words:
        state.push("summary_open", "summary", 1)
        inline = state.push("inline", "", 0)
        inline.content, inline.children, inline.map = words.strip(), [], [start, start + 1]
        state.push("summary_close", "summary", -1)
    if closed:
        state.push("details_close", "details", -1)
    state.line = start + 1
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _inline_html(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    if state.src[state.pos] != "<":
        return False
    rest = state.src[state.pos :]
    if rest.startswith("<!--") and "-->" in rest:
        state.pos += rest.index("-->") + 3
        return True
    found = BREAK.match(rest)
    if found is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos += found.end()
    return True


def _balance(state: StateCore) -> None:
    """Close what was left open where its container ends; drop what was never opened."""
    kept: list[Token] = []
    stack: list[str] = []
    for token in state.tokens:
        if token.nesting == 1:
            stack.append(token.type.removesuffix("_open"))
        elif token.nesting == -1:
            kind = token.type.removesuffix("_close")
            if kind == "details" and (not stack or stack[-1] != "details"):
                continue
            while stack and stack[-1] == "details" != kind:
                kept.append(Token("details_close", "details", -1))
                stack.pop()
            stack.pop()
        kept.append(token)
    kept += [Token("details_close", "details", -1) for kind in stack if kind == "details"]
    state.tokens = kept


def _boxes(state: StateCore) -> None:
    """Turn `[ ]` at the beginning of a list item into a box that knows its line."""
    for item, paragraph, inline in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open":
            continue
        found = BOX.match(inline.content)
        if found is None or not inline.children or not item.map:
            continue
        item.attrJoin("class", "task")
        inline.children[0].content = inline.children[0].content[len(found[0]) :]
        label = re.sub(r"[*_`]", "", inline.content[len(found[0]) :].split("\n")[0])
        meta = {"line": item.map[0], "ticked": found[1] != " ", "label": label}
        inline.children.insert(0, Token("box", "", 0, meta=meta))


def _references(state: StateCore) -> None:
    """Link `#7` to the issue and mark `@login`, outside links and code."""
    repository = state.env["setting"].repository
    for inline in (token for token in state.tokens if token.type == "inline" and token.children):
        depth, found = 0, []
        for child in inline.children or ():
            depth += child.nesting if child.type.startswith("link_") else 0
            plain = child.type != "text" or depth or not repository
            found += [child] if plain else _linked(child.content, repository)
        inline.children = found


def _linked(text: str, repository: str) -> list[Token]:
    tokens, at = [], 0
    for found in MENTION.finditer(text):
        tokens.append(Token("text", "", 0, content=text[at : found.start()]))
        meta = {"href": f"{repository}/issues/{found[1]}" if found[1] else "", "text": found[0]}
        tokens.append(Token("reference", "", 0, meta=meta))
        at = found.end()
    return [*tokens, Token("text", "", 0, content=text[at:])]


def _render_box(
    renderer: RendererProtocol, tokens: Sequence[Token], n: int, options: OptionsDict, env: EnvType
) -> str:
    meta, form = tokens[n].meta, env["setting"].form
    ticked = bool(meta["ticked"])
    sign, word = ("☑", "ticked") if ticked else ("☐", "not ticked")
    checked = f'role="checkbox" aria-checked="{str(ticked).lower()}"'
    if not form:
        return f'<span class="box" {checked} aria-disabled="true" title="{word}">{sign}</span> '
    return (
        f'<button class="box" form="{escape(form)}" name="line" value="{int(meta["line"])}" '
        f'{checked} aria-label="{escape(meta["label"])}" title="{word}: press to change">'
        f"{sign}</button> "
    )


def _render_fence(
    renderer: Any, tokens: Sequence[Token], n: int, options: OptionsDict, env: EnvType
) -> str:
    """A suggested change is shown as the diff that it would make."""
    token, replaced = tokens[n], env["setting"].replaced
    if token.info.strip() != "suggestion":
        return str(renderer.fence(tokens, n, options, env))
    lines = token.content.removesuffix("\n").split("\n") if token.content else []
    rows = [("removed", "-", line) for line in replaced] + [("added", "+", x) for x in lines]
    shown = "".join(
        f'<tr class="{kind}"><td class="code">{sign}{escape(text)}</td></tr>'
        for kind, sign, text in rows
    )
    return (
        '<figure class="suggestion"><figcaption>Suggested change</figcaption>'
        f'<div class="scroll"><table class="lines">{shown}</table></div></figure>\n'
    )


def _render_reference(
    renderer: RendererProtocol, tokens: Sequence[Token], n: int, options: OptionsDict, env: EnvType
) -> str:
    text, href = escape(tokens[n].meta["text"]), tokens[n].meta["href"]
    return f'<a href="{escape(href)}">{text}</a>' if href else f"<b>{text}</b>"


def _render_link(
    renderer: Any, tokens: Sequence[Token], n: int, options: OptionsDict, env: EnvType
) -> str:
    tokens[n].attrSet("rel", "nofollow noreferrer")
    return str(renderer.renderToken(tokens, n, options, env))


def _parser(*, breaks: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": breaks})
    parser.enable(["table", "strikethrough"])
    ends: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote"]}
    parser.block.ruler.at("html_block", _comment, ends)
    parser.block.ruler.after("html_block", "details", _details, ends)
    parser.inline.ruler.at("html_inline", _inline_html)
    for rule in (_balance, _boxes, _references):
        parser.core.ruler.push(rule.__name__, rule)
    parser.add_render_rule("box", _render_box)
    parser.add_render_rule("fence", _render_fence)
    parser.add_render_rule("reference", _render_reference)
    parser.add_render_rule("link_open", _render_link)
    return parser


_TALK = _parser(breaks=True)
_FILE = _parser(breaks=False)


def render_title(text: str) -> Markup:
    """Render a title, in which only code is marked."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape_markup(part)
        for n, part in enumerate(parts)
    )


def tick(text: str, line: int) -> str | None:
    """Turn over the box at the beginning of a line of Markdown; None when there is none."""
    lines = text.split("\n")
    if not 0 <= line < len(lines):
        return None
    found = re.match(r"([\s>]*(?:[-*+]|\d+[.)])\s+\[)([ xX])(\]\s.*)$", lines[line])
    if found is None:
        return None
    lines[line] = f"{found[1]}{'x' if found[2] == ' ' else ' '}{found[3]}"
    return "\n".join(lines)
