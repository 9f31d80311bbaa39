"""How a repository presents its pull requests, frozen from the default branch at a run's start."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bot.pipeline import template, titles
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.titles import Prefix, Style
from bot.runs import Record

FILE = "customs.json"
MOST = 100
"""Merged titles that are read."""


class Customs(Record):
    style: Style = Style()
    template: str = ""


class Branch(Protocol):
    """The default branch at one commit."""

    async def names(self, folder: str) -> Sequence[str]: ...

    async def file(self, path: str) -> bytes | None: ...

    async def messages(self, most: int) -> Sequence[tuple[str, str]]: ...


async def freeze(folder: Path, branch: Branch, config: RepositoryConfig) -> None:
    """Write down the style of titles and the template, as the configuration chooses."""
    chosen = config.pull_request.title
    wanted = None if chosen == "auto" else Prefix(chosen)
    seen = titles.titles(await branch.messages(MOST))
    found = Customs(style=titles.learn(seen, wanted), template=await _template(branch, config))
    _write(folder, found)


def _write(folder: Path, found: Customs) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{FILE}.part"
    part.write_text(found.model_dump_json())
    part.replace(folder / FILE)


def read(folder: Path) -> Customs:
    """Read what was frozen; nothing in particular where the run froze nothing."""
    path = folder / FILE
    if not path.exists():
        return Customs()
    return Customs.model_validate_json(path.read_bytes(), extra="ignore")


async def _template(branch: Branch, config: RepositoryConfig) -> str:
    wanted = config.pull_request.template
    if wanted == "none":
        return ""
    if wanted != "auto":
        content = await branch.file(wanted)
        return template.clean(content) if content else ""
    for folder in template.FOLDERS:
        there = {each.lower(): each for each in sorted(await branch.names(folder), reverse=True)}
        for name in template.NAMES:
            if name in there:
                path = f"{folder}/{there[name]}" if folder else there[name]
                content = await branch.file(path)
                return template.clean(content) if content else ""
    return ""
