"""Commands that run the service and what belongs to its start."""

import sys
from argparse import ArgumentParser, Namespace

from bot.cli.tree.command import Command, json_option, nothing, text


def _serve_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--role",
        choices=("all", "web", "worker"),
        default="all",
        help="web takes deliveries in, worker does the runs; apart they need PostgreSQL (all)",
    )


def _serve(arguments: Namespace) -> int:
    # On a full disk Python leaves half of a file of bytecode, which would end the next start.
    sys.dont_write_bytecode = True
    from bot.cli import serve

    return serve.run(arguments.role)


def _migrate(_: Namespace) -> int:
    from bot.cli import migrate

    return migrate.run()


def _sweep_options(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only show what was missed")
    json_option(parser)


def _sweep(arguments: Namespace) -> int:
    from bot.cli import sweep

    return sweep.run(dry_run=arguments.dry_run, as_json=arguments.json)


def _redeliver_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("guid", type=text, metavar="GUID", help="the delivery (X-GitHub-Delivery)")
    copy = "take GitHub's own copy of its body, which is kept for 3 days"
    add("--from-github", action="store_true", help=copy)


def _redeliver(arguments: Namespace) -> int:
    from bot.cli import redeliver

    return redeliver.run(arguments.guid, from_github=arguments.from_github)


def _workers_options(parser: ArgumentParser) -> None:
    acts = ("drain", "pause", "resume", "quarantine", "release")
    parser.add_argument("act", nargs="?", choices=acts, help="what to do, instead of listing")
    add = parser.add_argument
    add("name", nargs="?", type=text, metavar="NAME", help="the worker, or the run")
    json_option(parser)


def _workers(arguments: Namespace) -> int:
    from bot.cli import workers

    if arguments.act is None:
        return workers.run(as_json=arguments.json)
    return workers.act(arguments.act, arguments.name, as_json=arguments.json)


COMMANDS = {
    "serve": Command(
        "run the service",
        _serve_options,
        _serve,
        (("coppice serve", "with the COPPICE_… settings of the environment or .env"),),
    ),
    "workers": Command(
        "list who works on runs, on what and since when; drain one, pause all, isolate a run",
        _workers_options,
        _workers,
        (
            ("coppice workers", "each with its runs; exit 1 when none lives"),
            (
                "coppice workers drain NAME",
                "its work ends, or goes on elsewhere",
            ),
            ("coppice workers pause", "nothing new begins, on any machine, until `resume`"),
            ("coppice workers quarantine RUN", "no worker touches the run again until `release`"),
        ),
    ),
    "migrate": Command(
        "bring the database to the tables of this version; the service does so by itself",
        nothing,
        _migrate,
        (("coppice migrate", "before a new version is started (the Procfile's release)"),),
    ),
    "sweep": Command(
        "take up what happened on GitHub and never came in; the service does so by itself",
        _sweep_options,
        _sweep,
        (("coppice sweep --dry-run", "what was missed, and what would be done about it"),),
    ),
    "redeliver": Command(
        "take a delivery up again",
        _redeliver_options,
        _redeliver,
        (("coppice redeliver GUID", "the service handles it once more"),),
    ),
}
