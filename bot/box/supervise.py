"""Hold a boxed process to its limits, and leave nothing of it alive."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

from bot.box.command import Command, Outcome
from bot.box.output import Output
from bot.box.process import BoxedProcess
from bot.errors import OperatorError

REST_SECONDS = 5.0


async def supervised(process: BoxedProcess, command: Command) -> Outcome:
    """See it to its end, or kill it at a limit or when this task is cancelled."""
    started = time.monotonic()
    exit_code, problem = None, None
    try:
        with Output(command.log, command.output_limit) as output:
            await process.connect()
            try:
                exit_code = await _finish(process, output, command.seconds)
            except TimeoutError:
                problem = f"time limit of {command.seconds:g} s"
            except OperatorError as error:
                raise OperatorError(f"{error}: {output.text().strip()[-1000:]}") from error
            seconds = time.monotonic() - started
            await process.kill()
            await _rest(output.drain(process.stdout))
    finally:
        await _discard(process)
    problem = problem or output.problem or process.problem
    exit_code = exit_code if problem is None else None
    return Outcome(exit_code=exit_code, seconds=seconds, output=output.text(), problem=problem)


async def _finish(process: BoxedProcess, output: Output, seconds: float) -> int | None:
    async with asyncio.timeout(seconds):
        await output.drain(process.stdout)
        return await process.wait() if output.problem is None else None


@asynccontextmanager
async def opened(process: BoxedProcess, command: Command) -> AsyncIterator[None]:
    """Give the process to the caller, keep its stderr, and kill it at the end of the block."""
    try:
        with Output(command.log, command.output_limit) as output:
            await process.connect()
            keeper = asyncio.create_task(_keep_errors(process, output))
            try:
                yield
            finally:
                await process.kill()
                await _rest(keeper)
    finally:
        await _discard(process)


async def _rest(draining: Awaitable[None]) -> None:
    """Take in what is left, but wait for nobody who got away with the pipe."""
    with suppress(TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            await draining


async def _keep_errors(process: BoxedProcess, output: Output) -> None:
    await output.drain(process.stderr)
    if output.problem is not None:
        process.problem = output.problem
        await process.kill()


async def _discard(process: BoxedProcess) -> None:
    try:
        await process.kill()
    finally:
        process.close()
        await asyncio.sleep(0)  # a transport closes its pipe in the loop's next turn
