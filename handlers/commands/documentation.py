"""Write ``docs/commands.md`` from the list of commands.

``python -m handlers.commands.documentation`` prints it; a test holds the file against it.
"""

import sys

from bot.github.texts.answers import commands_table
from handlers.commands import COMMANDS
from handlers.commands.command import Command

_HEAD = """\
# Slash commands

This page is written from the code: `python -m handlers.commands.documentation`.

A command stands on a line of its own in a new comment, from the line's first character. It is read
in plain paragraphs only: never in code, quotes (a line right under a quote still belongs to it),
lists, headings, tables, links, HTML or HTML comments, and never in a comment that was edited.
Verbs have no case. One comment may hold several commands; one of them may start something.

Who may: people with write access, asked of GitHub at that moment. Others get one comment for each
issue if they have triage access, or belong to the organisation where `start` names teams of it;
else a reaction at most. Bots are not heard, this one included.

In a review, or a comment on lines, the verbs below are commands too. All else that stands there,
words after `/coppice` among it, is what the review asks for, and is worked on with its lines.

Coppice puts eyes on the comment that it takes up, and answers in one comment what cannot be done.
On the words of a whole review it puts none: GitHub has no call for that.
"""


def page() -> str:
    """Return the whole page."""
    table = commands_table([command.listed for command in COMMANDS.values()])
    return "\n".join([_HEAD, f"{table}\n", *(_section(command) for command in COMMANDS.values())])


def _section(command: Command) -> str:
    lines = [f"## `{command.usage}`", "", command.summary, ""]
    lines += [f"- Who: {command.who}", f"- On: {' and '.join(command.where)}"]
    lines += [f"- `{key}=`: {setting.summary}" for key, setting in command.settings.items()]
    lines += [f"- For example: `{example}`" for example in command.examples]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
