"""Name a run's work as its repository would, by what it changes."""

from dataclasses import replace

from bot.engine.writer import Writer
from bot.github.markdown import line
from bot.github.texts.pull_request import TITLE_LENGTH
from bot.pipeline import customs, titles
from bot.pipeline.story import Story
from bot.worktree.history import Tip

LATELY = 20
"""Titles under which the same files were changed."""
MOST_PATHS = 20


async def named(writer: Writer, story: Story) -> Story:
    """Write down the title of the pull request; the same work gets the same one."""
    run, work = story.run, story.run.work
    if work.base_sha is None or work.tree is None:
        return story
    objects = writer.shop.objects(run)
    paths = [change.path for change in await objects.changes(work.base_sha, work.tree)]
    style = customs.read(writer.shop.files(run.id)).style
    nearby: tuple[str, ...] = ()
    if style.prefix is not titles.Prefix.PLAIN and paths:
        lately = await Tip(objects, work.base_sha).messages(LATELY, paths[:MOST_PATHS])
        nearby = titles.titles(lately)
    change = titles.Change(words=run.trigger.title, paths=tuple(paths), nearby=nearby)
    title = line(titles.title(style, change), TITLE_LENGTH)
    before = [each for each in (*work.titles, work.title) if each and each != title]
    changes = {"title": title, "titles": list(dict.fromkeys(before))}
    return replace(story, run=await writer.update(run.id, work=changes))
