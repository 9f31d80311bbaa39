"""Commands that look at what the service did and what it cost."""

from argparse import ArgumentParser, Namespace

from bot.cli.tree.command import Command, json_option, limit_option, text
from bot.errors import OperatorError


def _deliveries_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("guid", nargs="?", type=text, metavar="GUID", help="this one (X-GitHub-Delivery)")
    json_option(parser)
    limit_option(parser)


def _deliveries(arguments: Namespace) -> int:
    from bot.cli import deliveries

    return deliveries.run(arguments.guid, limit=arguments.limit, as_json=arguments.json)


def _runs_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    found_by = "this run; its first six characters are enough"
    add("id", nargs="?", type=text, metavar="ID", help=found_by)
    json_option(parser)
    limit_option(parser)
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
    form = parser.add_mutually_exclusive_group()
    for form_of, what in (
        ("--json", "for programs: one array on stdout, nothing else"),
        ("--csv", "for spreadsheets: a header and a line for each"),
    ):
        form.add_argument(form_of, action="store_true", help=what)


def _costs(arguments: Namespace) -> int:
    from bot.cli import costs

    return costs.run(
        by=arguments.by, since=arguments.since, as_json=arguments.json, as_csv=arguments.csv
    )


def _patch_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("id", type=text, metavar="RUN", help="the run; its first six characters are enough")
    add("--mbox", action="store_true", help="with author and message, for `git am`")


def _patch(arguments: Namespace) -> int:
    from bot.cli import patch

    return patch.run(arguments.id, mbox=arguments.mbox)


COMMANDS = {
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
