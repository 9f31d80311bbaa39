"""What GitHub and other bots would act on in a text: judged by its rendering, outside of code."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

LIVE = re.compile(
    r"(?:^|[^A-Za-z0-9_])@[A-Za-z0-9]|#\d|(?:^|[^A-Za-z0-9])GH-\d|www\.\w|https?://\w", re.I
)
COMMAND = re.compile(r"^\s*(?:[>*+-]\s*)*/[a-z]+(?:\s|$)", re.M | re.I)
MARKDOWN = MarkdownIt("commonmark").enable("table")


class _Reader(HTMLParser):
    """Collects the texts between tags, those in code apart."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._code += tag in ("code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.texts.append(data)


def read(markdown: str) -> _Reader:
    reader = _Reader()
    reader.feed(MARKDOWN.render(markdown))
    reader.close()
    return reader


def live(markdown: str) -> list[str]:
    """What GitHub would act on."""
    reader = read(markdown)
    found = [text for text in reader.texts if LIVE.search(text)]
    found += [tag for tag in reader.tags if tag in ("a", "img", "input")]
    return found + COMMAND.findall(markdown.replace("\u2028", "\n"))
