"""`python -m bot.scripted_model --scenario FILE`: one JSON line {url, models}, until SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from bot.scripted_model.scenario import load
from bot.scripted_model.server import ScriptedModel


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bot.scripted_model", description=__doc__)
    parser.add_argument("--scenario", type=Path, required=True, help="what it answers (YAML)")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes any")
    parser.add_argument("--log", type=Path, help="gets a JSON line for each call")
    parser.add_argument("--socket", type=Path, help="a Unix socket to listen on besides")
    options = parser.parse_args(arguments)
    try:
        scenario = load(options.scenario)
    except (OSError, ValueError) as error:
        parser.error(f"--scenario {options.scenario}: {error}")
    model = ScriptedModel(scenario, options.port, options.log, options.socket)
    asyncio.run(_serve(model))
    return 0


async def _serve(model: ScriptedModel) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    scenario = model.scenario
    async with model:
        ready = {"url": model.url, "models": [scenario.model, *scenario.models]}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    sys.exit(main())
