"""The tree of commands: names, options, examples, and which module carries each out.

It is built for every `--help`, so it imports argparse alone and the modules when they are called.
"""

import argparse
from argparse import ArgumentParser

from bot.cli.tree import checking, keeping, looking, serving, showing
from bot.cli.tree.command import Command

__all__ = ["COMMANDS", "build"]

COMMANDS: dict[str, Command] = {
    **showing.COMMANDS,
    **serving.COMMANDS,
    **checking.COMMANDS,
    **looking.COMMANDS,
    **keeping.COMMANDS,
}


def build() -> ArgumentParser:
    """Make the parser; a command's `call` carries it out, its `parser` explains it."""
    parser = ArgumentParser(
        prog="coppice",
        description="Grow draft pull requests from issues: a self-hosted GitHub App.",
        epilog=_examples(
            ("coppice demo", "watch one run from label to pull request, on this machine"),
            ("coppice serve", "run the service against the GitHub of your settings"),
            ("coppice COMMAND --help", "options and examples of one command"),
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="print the version and end")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    for name, command in COMMANDS.items():
        added = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            epilog=_examples(*command.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add(added)
        added.set_defaults(call=command.call, parser=added)
    return parser


class _Version(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, **options: str | None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=options["help"])

    def __call__(self, parser: ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        parser.exit(0, f"coppice {version('coppice-bot')}\n")


def _examples(*lines: tuple[str, str]) -> str:
    width = max(len(command) for command, _ in lines)
    return "examples:\n" + "\n".join(
        f"  {command.ljust(width)}   {does}" for command, does in lines
    )
