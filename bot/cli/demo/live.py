"""What the demo says in the terminal while it happens."""

import sys

from bot.cli.demo.result import Result
from bot.cli.demo.watch import Sighting
from bot.cli.output import printable, say
from bot.settings import wants_colour

_GREEN, _RED, _BOLD, _DIM = "32", "31", "1", "2"
_WHAT = 22  # columns


class Live:
    """Prints a line for each sighting, with the seconds since the label was put."""

    def __init__(self, *, silent: bool) -> None:
        self._say = _nothing if silent else say
        self._colour = wants_colour() and sys.stdout.isatty()
        self._began: float | None = None

    def introduce(self, *, forge: str, service: str, agent: str, box: str) -> None:
        self._say(self._painted("Coppice, on this machine alone", _BOLD))
        self._say(f"  forge    {forge}  (GitHub's stand-in: REST, webhooks, git)")
        self._say(f"  coppice  {service}")
        self._say(f"  agent    {printable(agent)}")
        self._say(f"  box      {box}")
        self._say()

    def show(self, sighting: Sighting) -> None:
        if self._began is None:
            self._began = sighting.at
        seconds = self._painted(f"{max(0.0, sighting.at - self._began):7.2f} s", _DIM)
        issue = f"#{sighting.issue}" if sighting.issue else ""
        detail = printable(sighting.detail)
        colour = {True: _GREEN, False: _RED}.get(sighting.ok) if sighting.ok is not None else None
        self._say(
            f"{seconds}  {issue:4} {sighting.what:{_WHAT}} {self._painted(detail, colour)}".rstrip()
        )

    def conclude(self, result: Result) -> None:
        """Say what it came to, and where to look."""
        self._say()
        for check_run in result.check_runs:
            colour = _GREEN if check_run["conclusion"] == "success" else None
            self._say(
                f"  {check_run['name']}: {self._painted(str(check_run['conclusion']), colour)}"
            )
        colour = _GREEN if result.status == "done" else _RED
        error = f": {result.error['message']}" if result.error else ""
        self._say(self._painted(f"{result.status}{printable(error)}", colour))
        self._say(f"  issue         {result.issue_url}")
        if result.pull_request:
            self._say(f"  pull request  {result.pull_request['url']}")

    def stay(self, state: str) -> None:
        self._say()
        self._say(
            "Look around, label another issue `coppice`, comment `/coppice help`. Ctrl-C ends it."
        )
        self._say(f"  COPPICE_DATA_DIR={state}/coppice {sys.argv[0]} runs")
        self._say()

    def _painted(self, text: str, colour: str | None) -> str:
        return f"\033[{colour}m{text}\033[0m" if colour and self._colour else text


def _nothing(_: str = "") -> None:
    """Say nothing: a program reads our stdout."""
