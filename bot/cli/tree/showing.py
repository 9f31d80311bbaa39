"""Commands that show what Coppice does, on this machine alone."""

from argparse import ArgumentParser, Namespace

from bot.cli.tree.command import Command, json_option, number


def _demo_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--once", action="store_true", help="end with the run (the default without a terminal)")
    json_option(parser, "one object on stdout, on failure too; implies --once and keeps the state")
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
    json_option(parser, "one object on stdout")


def _try(arguments: Namespace) -> int:
    from bot.cli import trial

    return trial.run(arguments)


def _forge_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", type=number(0, 65535), default=0, metavar="N", help="port (0: any free one)")
    add("--state", metavar="DIR", help="keep everything in this directory (a temporary one)")
    add("--seed", choices=("demo",), help="what lies in it at the start", default="demo")
    add("--repo", metavar="DIR", help="in the demo's place a copy of this repository")
    add("--base", metavar="REF", help="branch or commit of --repo to start from (its HEAD)")
    add("--issue", metavar="FILE.md", help="its issue: first line `# title`, the rest the body")
    add("--webhook-url", metavar="URL", help="where its webhooks go")
    json_option(parser, "one line on stdout with addresses and tokens once it listens")


def _forge(arguments: Namespace) -> int:
    from bot.cli import forge

    return forge.run(arguments)


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
            ("coppice forge --repo . --issue bug.md", "with a copy of your own repository"),
        ),
    ),
}
