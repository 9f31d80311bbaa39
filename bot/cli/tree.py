"""The tree of commands: names, options, examples, and which module carries each out.

It is built for every `--help`, so it imports argparse alone and the modules when they are called.
"""

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import NamedTuple

from bot.errors import OperatorError

Examples = tuple[tuple[str, str], ...]


class Command(NamedTuple):
    summary: str
    add: Callable[[ArgumentParser], None]
    call: Callable[[Namespace], int]
    examples: Examples


def build() -> ArgumentParser:
    """Make the parser; each command's `call` is the function that carries it out."""
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
        added.set_defaults(call=command.call)
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


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return parse


def _nothing(_: ArgumentParser) -> None:
    """Add no options."""


def _json(parser: ArgumentParser, what: str = "one array on stdout, nothing else") -> None:
    parser.add_argument("--json", action="store_true", help=f"for programs: {what}")


def _limit(parser: ArgumentParser) -> None:
    most = 10**9
    parser.add_argument(
        "--limit", type=_number(0, most), default=50, metavar="N", help="how many (50; 0: all)"
    )


def _demo_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--once", action="store_true", help="end with the run (the default without a terminal)")
    _json(parser, "one object on stdout, on failure too; implies --once and keeps the state")
    add("--repo", metavar="DIR", help="work on a clone of this repository; it is never written")
    add("--base", metavar="REF", help="branch or commit of --repo to start from (its HEAD)")
    add("--issue", metavar="FILE.md", help="the issue: first line `# title`, the rest the body")
    add(
        "--patch",
        metavar="FILE",
        action="append",
        default=[],
        help="what the scripted agent does in its next attempt: `git apply -p1 FILE` (repeatable)",
    )
    add(
        "--verify",
        metavar="[NAME=]CMD",
        action="append",
        default=[],
        help="a command that judges the work (repeatable, in order)",
    )
    add("--setup", metavar="CMD", help="a command to run before those")
    add(
        "--agent", metavar="NAME", default="scripted", help="scripted (the default), loop, codex, …"
    )
    add("--story", metavar="NAME", help="tell a story step by step in the JSON (fix)")
    add("--state", metavar="DIR", help="keep everything in this directory")


def _demo(arguments: Namespace) -> int:
    from bot.cli import demo

    return demo.run(arguments)


def _try_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("url", metavar="ISSUE_URL", help="https://github.com/OWNER/NAME/issues/7")
    add("--model", metavar="URL", help="where the model answers (COPPICE_MODEL_URL)")
    add("--name", metavar="MODEL", help="its name there (COPPICE_MODEL; else the first listed)")
    add("--agent", metavar="NAME", default="loop", help="the agent (loop)")
    add("--budget", metavar="USD", default="2", help="what it may spend: 0.50, `1usd 10min` (2)")
    add("--setup", metavar="CMD", help="a command to run first")
    add(
        "--verify",
        metavar="CMD",
        action="append",
        default=[],
        help="a command that judges the work (repeatable; the repository's own if none is given)",
    )
    add("--token-file", metavar="FILE", help="a token that may read the repository, if it has to")
    add("--api", metavar="URL", help="the REST API, where it is neither github.com's nor /api/v3")
    add("--output", metavar="FILE", help="where the patch goes (OWNER-NAME-7.patch)")
    add("--state", metavar="DIR", help="keep everything in this directory")
    _json(parser, "one object on stdout")


def _try(arguments: Namespace) -> int:
    from bot.cli import trial

    return trial.run(arguments)


def _serve_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--role",
        choices=("all", "web", "worker"),
        default="all",
        help="web takes deliveries in, worker does the runs; apart they need PostgreSQL (all)",
    )


def _serve(arguments: Namespace) -> int:
    from bot.cli import serve

    return serve.run(arguments.role)


def _forge_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", type=_number(0, 65535), default=0, metavar="N", help="port (0: any free one)")
    add("--state", metavar="DIR", help="keep everything in this directory (a temporary one)")
    add("--seed", choices=("demo",), help="what lies in it at the start", default="demo")
    add("--repo", metavar="DIR", help="in the demo's place a copy of this repository")
    add("--base", metavar="REF", help="branch or commit of --repo to start from", default="HEAD")
    add("--issue", metavar="FILE.md", help="its issue: first line `# title`, the rest the body")
    add("--webhook-url", metavar="URL", help="where its webhooks go")
    _json(parser, "one line on stdout with addresses and tokens once it listens")


def _forge(arguments: Namespace) -> int:
    from bot.cli import forge

    return forge.run(arguments)


def _doctor(arguments: Namespace) -> int:
    from bot.cli import doctor

    return doctor.run(as_json=arguments.json)


def _agents_options(parser: ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("try",), help="have one do a small task")
    parser.add_argument("name", nargs="?", metavar="NAME", help="which one to try")
    _json(parser)


def _agents(arguments: Namespace) -> int:
    from bot.cli import agents, agents_try

    if arguments.act is None:
        return agents.run(as_json=arguments.json)
    if arguments.name is None:
        raise OperatorError("which agent? Type: coppice agents try NAME")
    return agents_try.run(arguments.name, as_json=arguments.json)


def _deliveries_options(parser: ArgumentParser) -> None:
    parser.add_argument("guid", nargs="?", metavar="GUID", help="this one (X-GitHub-Delivery)")
    _json(parser)
    _limit(parser)


def _deliveries(arguments: Namespace) -> int:
    from bot.cli import deliveries

    return deliveries.run(arguments.guid, limit=arguments.limit, as_json=arguments.json)


def _runs_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("id", nargs="?", metavar="ID", help="this run; its first six characters are enough")
    _json(parser)
    _limit(parser)
    add("--events", action="store_true", help="the timeline of run ID, an event a line")
    add("--follow", action="store_true", help="the same, and go on until the run has ended")


def _runs(arguments: Namespace) -> int:
    from bot.cli import runs

    if (arguments.events or arguments.follow) and arguments.id is None:
        raise OperatorError("--events and --follow need the ID of a run")
    if arguments.events or arguments.follow:
        return runs.timeline(arguments.id, follow=arguments.follow, as_json=arguments.json)
    return runs.run(arguments.id, limit=arguments.limit, as_json=arguments.json)


def _costs_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    splits = ("repository", "model", "person", "day", "outcome")
    add("--since", metavar="30d", default="30d", help="from then on: 12h, 30d, a date (30d)")
    add("--by", choices=splits, default="repository", help="what to split it by (repository)")
    _json(parser)
    add("--csv", action="store_true", help="for spreadsheets: a header and a line for each")


def _costs(arguments: Namespace) -> int:
    from bot.cli import costs

    return costs.run(
        by=arguments.by, since=arguments.since, as_json=arguments.json, as_csv=arguments.csv
    )


def _redeliver_options(parser: ArgumentParser) -> None:
    parser.add_argument("guid", metavar="GUID", help="the delivery (X-GitHub-Delivery)")


def _redeliver(arguments: Namespace) -> int:
    from bot.cli import redeliver

    return redeliver.run(arguments.guid)


def _sweep_options(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only show what was missed")
    _json(parser)


def _sweep(arguments: Namespace) -> int:
    from bot.cli import sweep

    return sweep.run(dry_run=arguments.dry_run, as_json=arguments.json)


def _migrate(_: Namespace) -> int:
    from bot.cli import migrate

    return migrate.run()


def _patch_options(parser: ArgumentParser) -> None:
    parser.add_argument("id", metavar="RUN", help="the run; its first six characters are enough")
    parser.add_argument("--mbox", action="store_true", help="with author and message, for `git am`")


def _patch(arguments: Namespace) -> int:
    from bot.cli import patch

    return patch.run(arguments.id, mbox=arguments.mbox)


COMMANDS = {
    "demo": Command(
        "show one run, from a labelled issue to a draft pull request, on this machine",
        _demo_options,
        _demo,
        (
            ("coppice demo", "watch it, then look around in the forge until Ctrl-C"),
            ("coppice demo --once --json", "for programs: what it came to, as one object"),
            (
                "coppice demo --repo . --issue bug.md --patch fix.diff --verify 'pytest -q'",
                "the same way on your own repository",
            ),
        ),
    ),
    "try": Command(
        "work on a real issue on this machine; nothing is written to GitHub",
        _try_options,
        _try,
        (
            (
                "coppice try https://github.com/OWNER/NAME/issues/7 --model URL",
                "the whole way, to a patch file",
            ),
        ),
    ),
    "serve": Command(
        "run the service",
        _serve_options,
        _serve,
        (("coppice serve", "with the COPPICE_… settings of the environment or .env"),),
    ),
    "forge": Command(
        "run the local stand-in for GitHub alone, for any GitHub client",
        _forge_options,
        _forge,
        (
            (
                "coppice forge --port 8081 --state DIR",
                "repositories and key in DIR, empty at the start",
            ),
            ("coppice forge --json", "print addresses and tokens as one line"),
        ),
    ),
    "doctor": Command(
        "check the settings, the machine and the App, and say how to mend what is wrong",
        _json,
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
    "deliveries": Command(
        "list what came in, and why it was ignored or what it started",
        _deliveries_options,
        _deliveries,
        (
            ("coppice deliveries", "the newest 50"),
            ("coppice deliveries GUID --json", "one of them"),
        ),
    ),
    "runs": Command(
        "list runs, stage by stage",
        _runs_options,
        _runs,
        (
            ("coppice runs", "the newest 50"),
            ("coppice runs 4f9a1c --follow", "everything that one does, until it has ended"),
            ("coppice runs 4f9a1c --json", "one with its stages"),
        ),
    ),
    "costs": Command(
        "add up what models cost",
        _costs_options,
        _costs,
        (
            ("coppice costs", "the last 30 days, repository by repository"),
            ("coppice costs --by outcome", "what a merged pull request costs"),
            ("coppice costs --since 2026-01-01 --by day --csv", "for a spreadsheet"),
        ),
    ),
    "redeliver": Command(
        "take a delivery up again",
        _redeliver_options,
        _redeliver,
        (("coppice redeliver GUID", "the service handles it once more"),),
    ),
    "sweep": Command(
        "take up deliveries that GitHub sent and that never came in; the service does so by itself",
        _sweep_options,
        _sweep,
        (("coppice sweep --dry-run", "what was missed in the last three days"),),
    ),
    "migrate": Command(
        "bring the database to the tables of this version; the service does so by itself",
        _nothing,
        _migrate,
        (("coppice migrate", "before a new version is started (the Procfile's release)"),),
    ),
    "patch": Command(
        "print the work of a run, delivered or kept",
        _patch_options,
        _patch,
        (
            ("coppice patch 4f9a1c | git apply", "put it into a worktree"),
            ("coppice patch 4f9a1c --mbox | git am --keep-cr", "commit it, line ends as they are"),
        ),
    ),
}
