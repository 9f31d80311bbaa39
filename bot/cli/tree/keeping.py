"""Commands that keep an installation's data: back up, restore, move, verify, clean, audit."""

from argparse import ArgumentParser, Namespace

from bot.cli.tree.command import Command, filled, json_option, limit_option, text


def _audit_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("act", nargs="?", choices=("verify",), help="check that nobody changed the log")
    add("--run", type=text, metavar="ID", help="only what was done about this run")
    pinned = "with verify: a head printed earlier, which must be there"
    add("--pin", type=filled, metavar="HEAD", help=pinned)
    json_option(parser)
    limit_option(parser)


def _audit(arguments: Namespace) -> int:
    from bot.cli import audit

    if arguments.act == "verify":
        return audit.verify(arguments.pin, as_json=arguments.json)
    return audit.run(arguments.run, limit=arguments.limit, as_json=arguments.json)


def _backup_options(parser: ArgumentParser) -> None:
    where = "where it goes (backups/ of the data directory)"
    parser.add_argument("--to", type=filled, metavar="FILE", help=where)
    json_option(parser, "one object on stdout")


def _backup(arguments: Namespace) -> int:
    from bot.cli import backup

    return backup.run(arguments.to, as_json=arguments.json)


def _restore_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=filled, metavar="FILE", help="what `coppice backup` wrote")
    json_option(parser, "one object on stdout")


def _restore(arguments: Namespace) -> int:
    from bot.cli import backup

    return backup.restore(arguments.file, as_json=arguments.json)


def _verify_options(parser: ArgumentParser) -> None:
    live = "ask GitHub too: is every comment, check run and pull request of ours still there?"
    parser.add_argument("--live", action="store_true", help=live)
    json_option(parser)


def _verify(arguments: Namespace) -> int:
    from bot.cli import verify_store

    return verify_store.run(live=arguments.live, as_json=arguments.json)


def _move_options(parser: ArgumentParser) -> None:
    where = "an empty PostgreSQL database: postgresql://USER:PASSWORD@HOST/NAME"
    parser.add_argument("--to", metavar="URL", required=True, help=where)
    json_option(parser, "one object on stdout")


def _move(arguments: Namespace) -> int:
    from bot.cli import move

    return move.run(arguments.to, as_json=arguments.json)


def _clean_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--older", metavar="90d", default="90d", help="what is older than so many days (90d)")
    add("--yes", action="store_true", help="remove it; without, only show what would go")
    json_option(parser, "one object on stdout")


def _clean(arguments: Namespace) -> int:
    from bot.cli import clean

    return clean.run(arguments.older, yes=arguments.yes, as_json=arguments.json)


def _support_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--to", type=filled, metavar="FILE", help="where it goes (the data directory)")
    add(
        "--log",
        type=filled,
        metavar="FILE",
        action="append",
        default=[],
        help="the last lines of a log of the service (repeatable)",
    )
    json_option(parser, "one object on stdout")


def _support(arguments: Namespace) -> int:
    from bot.cli import support

    return support.run(arguments.to, arguments.log, as_json=arguments.json)


COMMANDS = {
    "backup": Command(
        "write everything that Coppice keeps to one file, while the service runs",
        _backup_options,
        _backup,
        (
            ("coppice backup", "a file with its date under backups/ of the data directory"),
            ("coppice backup --to /mnt/safe/coppice.tar", "where you want it"),
        ),
    ),
    "restore": Command(
        "put a backup into an empty data directory or database",
        _restore_options,
        _restore,
        (("coppice restore coppice.tar", "the service must not run; it says what it did"),),
    ),
    "move": Command(
        "take an SQLite installation over to PostgreSQL; waiting runs begin again at their gate",
        _move_options,
        _move,
        (
            (
                "coppice move --to postgresql://coppice@db/coppice",
                "while the service does not run; all or nothing",
            ),
        ),
    ),
    "clean": Command(
        "remove what is old and needed by nobody: bodies first, never unfinished work",
        _clean_options,
        _clean,
        (
            ("coppice clean", "what would go"),
            ("coppice clean --older 30d --yes", "remove it"),
        ),
    ),
    "support": Command(
        "write a file for whoever helps: versions, checks, counts; secrets and your code stay out",
        _support_options,
        _support,
        (
            ("coppice support", "look through it, then send it"),
            ("coppice support --log serve.log", "with the last 2,000 lines of a log"),
        ),
    ),
    "verify-store": Command(
        "check that journal, runs, ledger, calls and engine agree; exit 1 names what does not",
        _verify_options,
        _verify,
        (
            ("coppice verify-store", "every row, every body's hash, every page of the file"),
            ("coppice verify-store --live --json", "and what GitHub has, for programs"),
        ),
    ),
    "audit": Command(
        "list who did what: commands, approvals, budgets, pauses, and the operator's own acts",
        _audit_options,
        _audit,
        (
            ("coppice audit", "the newest 50 entries"),
            ("coppice audit --run 4f9a1c2b7d3e --json", "what was done about one run"),
            ("coppice audit verify", "find a row that somebody changed, and print the head"),
        ),
    ),
}
