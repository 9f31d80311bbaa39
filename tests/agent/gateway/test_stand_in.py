"""The four protocols as the stand-in for models speaks them, in parallel, on one budget."""

import asyncio
from pathlib import Path

import pytest

from bot.agent.runtime import Api
from bot.runs import Budget
from bot.scripted_model import Play, Scenario, ScriptedModel, Usage
from bot.store import calls
from bot.store.calls import CallStatus
from bot.store.database import Database
from tests.agent.gateway.test_metering import asking
from tests.agent.gateway.world import KEY, a_job, an_endpoint, gateway_of, opened, rows

USAGE = Usage(input=1000, cached=200, output=50, reasoning=20)
BY_HAND = (800 * 3 + 200 * 0.3 + 50 * 15) / 1e6


def scenario(usage: Usage = USAGE) -> Scenario:
    return Scenario(plays=(Play(final="All is done."),), usage=usage, key=KEY)


@pytest.mark.parametrize("api", list(Api))
async def test_cost_is_metered_by_hand_and_the_budget_is_never_passed(
    api: Api, database: Database, folder: Path
) -> None:
    limits = Budget(usd=0.05)
    bounded = {"max_tokens": 60} if api in (Api.CHAT, Api.MESSAGES) else {}
    async with ScriptedModel(scenario()) as model:
        one = an_endpoint(model.url, api, max_output=256)
        async with (
            gateway_of(database, folder, one=one) as gateway,
            opened(gateway, a_job(limits=limits)) as inside,
        ):
            for stream in (False, True) * 5:
                path, body = asking(api, stream=stream)
                await asyncio.gather(*(inside.post(path, body | bounded) for _ in range(3)))
            refusal = inside.door.refusal

    spent = await database.read(lambda c: calls.spend(c, "run1"))
    done = [call for call in await rows(database) if call.status is CallStatus.DONE]
    assert spent.calls == len(done) == len(model.calls)
    assert spent.usd == pytest.approx(len(done) * BY_HAND, abs=1e-6)
    assert (spent.estimated, spent.unpriced) == (0, 0)
    assert 0.05 - 3 * 0.0073 < spent.usd <= 0.05
    assert refusal is not None
    assert refusal.kind == "budget"


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("stream", [False, True])
async def test_an_endpoint_that_tells_no_usage_is_estimated(
    api: Api, stream: bool, database: Database, folder: Path
) -> None:
    async with ScriptedModel(scenario(Usage(omit=True))) as model:
        one = an_endpoint(model.url, api)
        async with gateway_of(database, folder, one=one) as gateway, opened(gateway) as inside:
            got = await inside.post(*asking(api, stream=stream))

    assert got.status == 200
    assert b"All is done." in got.body
    (call,) = await rows(database)
    assert (call.status, call.estimated) == (CallStatus.DONE, True)
    assert 300 < call.input_tokens < 2000
    assert 1 <= call.output_tokens < 1000
