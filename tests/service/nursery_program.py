"""The nursery's own process: it loads a command's modules, then forks each time it is asked.

Arguments: the command, and the descriptor of its line. A request there is JSON, with the child's
stdout and stderr beside it, or the number of a child that has ended; the answer is a number.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any

MODULES = {
    "forge": ["bot.cli.forge"],
    "serve": ["bot.cli.serve", "bot.settings", "bot.cli.equipment", "bot.cli.service"],
}
"""What a command loads before it is ready, in this order."""
LONGEST = 2**17  # bytes of a request


def nurse(line: socket.socket) -> dict[str, Any]:
    """Fork and reap as asked; return what to become, in a child. Ends when nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # pytest's; it still wants its programs to end
    while True:
        told, fds, _, _ = socket.recv_fds(line, LONGEST, 2)
        if not told:
            sys.exit(0)
        request = json.loads(told)
        if "reap" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["reap"], 0)[1])
        elif not (answer := os.fork()):
            for place, fd in enumerate(fds, 1):
                os.dup2(fd, place)
            os.closerange(3, max(*fds, line.detach()) + 1)
            return dict(request)
        for fd in fds:
            os.close(fd)
        line.send(str(answer).encode())


def become(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Be `python -m bot ARGUMENTS` in the directory where the nursery is, which is ROOT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    coerced = {name: os.environ[name] for name in ("LC_CTYPE",) if name in os.environ}
    os.environ.clear()
    os.environ.update({**coerced, **environment})
    sys.argv[1:] = arguments
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


def main() -> None:
    for module in MODULES[sys.argv[1]]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    become(**nurse(socket.socket(fileno=int(sys.argv[2]))))


if __name__ == "__main__":
    main()
