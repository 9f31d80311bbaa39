"""`python -m bot.scripted_model --scenario FILE`: one JSON line {url, models}, until SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from bot.scripted_model.scenario import Scenario, load
from bot.scripted_model.server import ScriptedModel


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bot.scripted_model", description=__doc__)
    parser.add_argument("--scenario", type=Path, required=True, help="what it answers (YAML)")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes any")
    parser.add_argument("--log", type=Path, help="gets a JSON line for each call")
    options = parser.parse_args(arguments)
    try:
        scenario = load(options.scenario)
    except (OSError, ValueError) as error:
        parser.error(f"--scenario {options.scenario}: {error}")
    asyncio.run(_serve(scenario, options.port, options.log))
    return 0


async def _serve(scenario: Scenario, port: int, log: Path | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with ScriptedModel(scenario, port=port, log=log) as model:
        ready = {"url": model.url, "models": [scenario.model, *scenario.models]}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    sys.exit(main())
