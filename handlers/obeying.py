"""Find the commands in what somebody wrote, and carry them out if they may give them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.errors import UserError
from bot.guard.commands import CommandLine, find_commands
from bot.runs import Decision
from handlers.commands import COMMANDS
from handlers.commands.asking import allowed, carry_out
from handlers.commands.command import Asked
from handlers.context import Context
from handlers.payloads import FromRepository, Issue
from handlers.people import permission, rights_and_rules

LONG = 4096
"""Characters; a longer text is parsed beside the event loop."""


async def commands_in(
    body: str, told: FromRepository, issue: Issue, context: Context
) -> list[CommandLine]:
    """Find commands; short verbs are heard only where Coppice has a run: other bots own them."""
    if len(body) <= LONG:
        lines = find_commands(body, COMMANDS)
    else:
        lines = await asyncio.to_thread(find_commands, body, COMMANDS)
    if all(line.short for line in lines) and lines:
        on_pull = issue.pull_request is not None
        find = context.runs.of_pull_request if on_pull else context.runs.latest
        return lines if await find(told.ref.id, issue.number) is not None else []
    return lines


async def obey(first: Asked, lines: Sequence[CommandLine], context: Context) -> Decision | None:
    """Decide on the lines of one text; None: they are short, and the repository wants none such."""
    rules = None
    if any(line.short or _needs_rules(line) for line in lines):
        held, rules = await rights_and_rules(context, first.repository, first.sender)
        if isinstance(rules, UserError) or not rules.commands.short:
            lines = [line for line in lines if not line.short]
    else:
        held = await permission(context, first.repository, first.sender)
    if not lines:
        return None
    asked = [replace(first, rules=rules, line=line) for line in lines]
    if (refused := await allowed(asked, held, context)) is not None:
        return refused
    return await carry_out(asked, context)


def _needs_rules(line: CommandLine) -> bool:
    return line.verb in COMMANDS and COMMANDS[line.verb].needs_rules
