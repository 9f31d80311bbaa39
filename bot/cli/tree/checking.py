"""Commands that check the machine, the settings and the agents."""

from argparse import ArgumentParser, Namespace

from bot.cli.tree.command import Command, json_option
from bot.errors import OperatorError


def _doctor(arguments: Namespace) -> int:
    from bot.cli import doctor

    return doctor.run(as_json=arguments.json)


def _agents_options(parser: ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("try",), help="have one do a small task")
    parser.add_argument("name", nargs="?", metavar="NAME", help="which one to try")
    json_option(parser)


def _agents(arguments: Namespace) -> int:
    from bot.cli import agents, agents_try

    if arguments.act is None:
        return agents.run(as_json=arguments.json)
    if arguments.name is None:
        raise OperatorError("which agent? Type: coppice agents try NAME")
    return agents_try.run(arguments.name, as_json=arguments.json)


COMMANDS = {
    "doctor": Command(
        "check the settings, the machine and the App, and say how to mend what is wrong",
        json_option,
        _doctor,
        (("coppice doctor", "each check with its result; exit 1 when one is not ok"),),
    ),
    "agents": Command(
        "list the coding agents: installed, able to what, and what to type to get one",
        _agents_options,
        _agents,
        (
            ("coppice agents", "all of them, tried out in this box"),
            ("coppice agents try codex", "a task of two files, and what it cost"),
        ),
    ),
}
