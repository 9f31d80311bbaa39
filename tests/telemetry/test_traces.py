"""Traces, as a real receiver gets them; and nothing of it where nobody asked."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from bot.errors import EffectRefused
from bot.runs import RunStatus, run_id
from bot.store.calls import CallStatus
from bot.telemetry import seen, traces
from tests.store.rows import SHOP, a_run
from tests.store.test_figures import a_call
from tests.telemetry.collector import Collector, collecting

GUID = "guid-9"
RUN = run_id(GUID)


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as there:
        traces.configure(there.url, worker="w-1", headers="Authorization=Bearer%20key")
        yield there
        traces.close()


async def a_whole_run() -> None:
    """A delivery that starts a run, elsewhere and later; a stage in it; an effect; a model call."""
    with seen.delivery(GUID, "issues", repository="octo/shop", received_at=1.0, tries=0) as told:
        told.outcome = "start"
    with traces.in_run(RUN):
        with seen.stage(RUN, "implement", 1) as told:
            context = traces.here()
            told.outcome = "passed"
        with seen.effect("comment", SHOP, RUN) as told:
            told.outcome = seen.wrote(something=True)
    seen.model_called(a_call(CallStatus.DONE, 1000.0, 0.5), context)
    seen.run_ended(a_run(RUN), RunStatus.DONE)


async def sent(collector: Collector) -> Collector:
    await asyncio.to_thread(traces.close)
    return collector


async def test_from_the_delivery_to_the_call_of_a_model_it_is_one_tree(
    collector: Collector,
) -> None:
    await a_whole_run()

    got = await sent(collector)

    assert {span.name: got.above(span) for span in got.spans} == {
        "delivery": "",
        "run": "delivery",
        "stage implement": "run",
        "effect comment": "run",
        "model call": "stage implement",
    }
    assert len({span.trace for span in got.spans}) == 1
    assert collector.headers[0]["Authorization"] == "Bearer key"


async def test_a_run_that_goes_on_in_another_process_stays_in_its_trace(
    collector: Collector,
) -> None:
    with traces.in_run(RUN), seen.stage(RUN, "plan", 1):
        pass
    await asyncio.to_thread(traces.close)
    traces.configure(collector.url, worker="w-2")
    with traces.in_run(RUN), seen.stage(RUN, "verify", 1):
        pass

    got = await sent(collector)

    assert len({(span.trace, span.parent) for span in got.spans}) == 1


async def test_spans_say_what_it_was_and_how_it_ended_and_no_text_of_anybody(
    collector: Collector,
) -> None:
    await a_whole_run()
    with pytest.raises(EffectRefused), traces.in_run(RUN), seen.effect("push", SHOP, RUN):
        raise EffectRefused("no_access", "ghs_0123456789abcdefABCDEF is not allowed")

    got = await sent(collector)

    (delivery,), (call,), (push,) = map(got.named, ("delivery", "model call", "effect push"))
    assert delivery.facts["coppice.decision"] == "start"
    assert (call.facts["coppice.usd"], call.facts["gen_ai.usage.input_tokens"]) == (0.5, 1)
    assert (push.failed, delivery.failed) == (True, False)
    (run,) = got.named("run")
    assert run.seconds > 1000
    assert run.facts["coppice.status"] == "done"
    assert "ghs_" not in str(got.spans)
    assert "A title" not in str(got.spans)


async def test_a_second_try_of_a_delivery_is_a_span_of_its_own(collector: Collector) -> None:
    for tries in (0, 1):
        with seen.delivery(GUID, "issues", repository=None, received_at=1, tries=tries) as told:
            told.outcome = "error"

    got = await sent(collector)

    assert len({span.id for span in got.spans}) == 2
    assert len({span.trace for span in got.spans}) == 1


@pytest.mark.slow
async def test_a_collector_that_is_gone_holds_nobody_up() -> None:
    traces.configure("http://127.0.0.1:9", worker="w-1")

    with traces.in_run(RUN), seen.stage(RUN, "plan", 1) as told:
        told.outcome = "passed"

    async with asyncio.timeout(150):
        await asyncio.to_thread(traces.close)


@pytest.mark.slow
def test_without_a_collector_nothing_is_loaded_or_recorded() -> None:
    program = (
        "import sys; from bot.telemetry import seen, traces\n"
        "with traces.in_run('a'), traces.span('x') as s: s.note(a=1)\n"
        "assert traces.here() is None\n"
        "print(*[m for m in sys.modules if m.startswith('opentelemetry')])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.returncode, done.stdout.strip()) == (0, "")
