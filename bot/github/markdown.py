"""Make strangers' words harmless in what Coppice writes, and keep texts within GitHub's limits.

Text from models, issues and commands must not mention people, close issues, command other bots,
show pictures or forge our markers (``security.md``, row 19).
"""

import re

COMMENT_LIMIT = 65_536
CHECK_LIMIT = 65_535

_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n|[\u0085\u2028\u2029]")
_ISSUE_URL = re.compile(
    r"https?://[\w.:@%-]+/([\w.-]+/[\w.-]+)/(?:issues|pull|discussions)/(\d+)[^\s)>\]]*", re.I
)
# What GitHub takes for letters before a sign is ASCII; `&#39;` is no reference.
_REFERENCE = re.compile(r"(\w?)#(?=\d)(?!(?<=&#)\d{1,7};)")
_GH_REFERENCE = re.compile(r"(?<![A-Za-z0-9])(GH)-(?=\d)", re.IGNORECASE)
_MENTION = re.compile(r"(?<![A-Za-z0-9])@+(?=[A-Za-z0-9])")
_COMMAND = re.compile(r"^([^\S\n]*(?:[>*+-][^\S\n]*)*)/(?=[A-Za-z][\w-]*(?:\s|$))", re.MULTILINE)
_BOT_COMMAND = re.compile(r"^([^\S\n]*)@(?=[\w-]+(?:\[bot\])?\s+\w)", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\[\]]*)\](?:\([^)]{0,2000}\)|\[[^\[\]]*\])")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^)]{0,2000}\)")
_BARE_URL = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][\w+.-]{0,30}://([^\s/)>\]`'\"]+)[^\s)>\]`'\"]*")
_BARE_WWW = re.compile(r"(?<![A-Za-z0-9])(www)\.(?=\w)", re.IGNORECASE)
_SPAN = re.compile(r"(?<!`)(`+)(?!`)([^\n]*?[^`\n])\1(?!`)")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)
_MOST_ROUNDS = 10


def plain(text: str) -> str:
    """Take out what GitHub acts on, for commit messages and titles: mentions, references, commands.

    Commit messages know no code spans, so the signs themselves go: `@ana` becomes `ana`, `#7`
    becomes `no. 7`.
    """
    return _COMMAND.sub(r"\1\\/", _quiet(_readable(text)))


def _readable(text: str) -> str:
    return _CONTROL.sub("", _LINE_ENDS.sub("\n", text))


def _quiet(text: str) -> str:
    """Take signs out until none is left: what is taken out brings together what stood apart."""
    for _ in range(_MOST_ROUNDS):
        before = text
        text = _ISSUE_URL.sub(r"\1 no. \2", text)
        text = _REFERENCE.sub(lambda found: f"{found[1]} no. ".lstrip(), text)
        text = _GH_REFERENCE.sub(r"\1 ", text)
        text = _MENTION.sub("", text)
        if text == before:
            return text
    return re.sub("[@#]", "", text)  # somebody nests on purpose


def line(text: str, limit: int = 200) -> str:
    """Make one harmless line of it."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def prose(text: str) -> str:
    """Make a model's or a stranger's Markdown harmless: no HTML, pictures, links or open blocks.

    Code spans of one line stay; a backtick without a partner would turn our own around.
    """
    clean = _FENCE.sub("", re.sub(r"(?<!\\)\\+(?=`)", "", _readable(text)))
    parts = []
    end = 0
    for span in _SPAN.finditer(clean):
        parts += [_outside_code(clean[end : span.start()]), span[0].replace("<!--", "<! --")]
        end = span.end()
    parts.append(_outside_code(clean[end:]))
    return _COMMAND.sub(r"\1\\/", "".join(parts).strip())


def _outside_code(text: str) -> str:
    text = _IMAGE.sub(r"\1 (picture left out)", _ISSUE_URL.sub(r"\1 no. \2", text))
    text = _LINK.sub(r"\1", text)
    text = _BARE_URL.sub(r"\1 (link left out)", text)
    text = _quiet(_BARE_WWW.sub(r"\1 ", text))
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"(?<!\\)\\*([\[`])", r"\\\1", text)  # a backslash before ours would undo it
    return re.sub("~{3,}", r"\\\g<0>", text.rstrip("\\"))


def code(text: str) -> str:
    """Show it as a code span, whatever backticks it holds; nothing in it means anything."""
    flat = " ".join(_CONTROL.sub("", text).split()).replace("<!--", "<! --")
    ticks = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}" if flat else ""


def fence(text: str, info: str = "") -> str:
    """Show it as a block of code; the fence is longer than every run of backticks within."""
    clean = _readable(text).replace("<!--", "<! --")
    # Other bots read the raw text and know nothing of fences.
    clean = _BOT_COMMAND.sub(r"\1@ ", _COMMAND.sub(r"\1\\/", clean))
    ticks = "`" * max(3, _longest_run(clean) + 1)
    return f"{ticks}{info}\n{clean.rstrip()}\n{ticks}"


def cell(text: str) -> str:
    """Make it fit a table cell; a backslash before a ``|`` would undo our own."""
    return re.sub(r"(?<!\\)\\+(?=\|)", r"\g<0> ", text).replace("|", "\\|").replace("\n", " ")


def folded(summary: str, content: str) -> str:
    """Fold Markdown away behind one line."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n</details>"


def fit(text: str, limit: int) -> str:
    """Cut a text to ``limit`` characters at a line's end, and say so; open blocks are closed."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 200]
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    closing = ""
    if open_fence := _open_fence(kept):
        closing += f"\n{open_fence}"
    closing += "\n</details>" * (kept.count("<details>") - kept.count("</details>"))
    return (
        f"{kept}{closing}\n\nCut here: GitHub takes {limit:,} characters, this was {len(text):,}."
    )


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _open_fence(text: str) -> str | None:
    fence_now: str | None = None
    for found in _FENCE.finditer(text):
        mark = found[1]
        if fence_now is None:
            fence_now = mark
        elif mark[0] == fence_now[0] and len(mark) >= len(fence_now):
            fence_now = None
    return fence_now
