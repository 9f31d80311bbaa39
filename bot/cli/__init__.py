"""The `coppice` command line: its tree, its help and its exit codes."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper

from bot.cli.tree import build
from bot.errors import CoppiceError, OperatorError

INTERRUPTED = 130


def dispatch(argv: Sequence[str]) -> int:
    """Run one command and give its exit code; what people can mend is one line on stderr."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # of signs that a terminal cannot show
    parser = build()
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    arguments, strange = parser.parse_known_args(argv)
    if strange:
        arguments.parser.error(f"there is no {' '.join(strange)} here; --help lists what there is")
    try:
        return int(arguments.call(arguments))
    except CoppiceError as error:
        sys.stderr.write(f"coppice: {error}\n")
        return error.exit_code if isinstance(error, OperatorError) else 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        drop_stdout()
        return 0


def drop_stdout() -> None:
    """Let the interpreter's last flush go nowhere: nothing more can be written there."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
