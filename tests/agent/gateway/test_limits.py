"""Budgets: reserved before a call goes out, so that nothing goes over them, alone or together."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.agent.gateway import Job
from bot.agent.gateway.waiting import Waiting
from bot.agent.runtime import Api
from bot.runs import Budget, Budgets
from bot.store import calls
from bot.store.calls import CallStatus
from bot.store.database import Database
from bot.store.limits import Used
from tests.agent.gateway.test_metering import BODIES, CHAT_USAGE, USD, asking
from tests.agent.gateway.world import (
    Answer,
    Host,
    Inside,
    a_job,
    an_endpoint,
    gateway_of,
    opened,
    rows,
)
from tests.midnight import keep_clear


async def fill(inside: Inside, most: int = 100) -> int:
    """Call until the gateway refuses; say how many calls went out."""
    for number in range(most):
        got = await inside.chat(max_tokens=80)
        if got.status != 200:
            return number
    return most


async def test_at_its_budget_an_attempt_gets_no_further_call(
    database: Database, folder: Path
) -> None:
    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, a_job(limits=Budget(usd=0.02))) as inside,
    ):
        sent = await fill(inside)
        again = await inside.chat()
        refusal = inside.door.refusal

    spent = await database.read(lambda c: calls.spend(c, "run1"))
    assert (sent, len(host.seen)) == (5, 5)
    assert spent.usd == pytest.approx(5 * USD, abs=1e-9)
    assert spent.usd <= 0.02
    assert refusal is not None
    assert (refusal.kind, refusal.blocked) == ("budget", True)
    assert refusal.message.startswith("budget reached: $0.0161 of $0.0200 used")
    assert (again.status, again.json["error"]["code"]) == (402, "budget")
    assert again.headers["x-should-retry"] == "false"


async def test_a_refusal_tells_of_the_whole_run_not_of_what_its_last_attempt_had(
    database: Database, folder: Path
) -> None:
    job = a_job(limits=Budget(usd=0.04), before=Used(calls=9, usd=0.03))
    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, job) as inside,
    ):
        sent = await fill(inside)
        refusal = inside.door.refusal

    assert sent == 2
    assert refusal is not None
    assert refusal.message.startswith("budget reached: $0.0364 of $0.0400 used")


async def test_minutes_that_a_run_has_used_before_count(database: Database, folder: Path) -> None:
    job = a_job(limits=Budget(minutes=3), before=Used(seconds=180))
    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, job) as inside,
    ):
        sent = await fill(inside)
        refusal = inside.door.refusal

    assert (sent, refusal and refusal.message) == (0, "budget reached: 3 of 3 minutes used")


async def test_waiting_for_the_host_uses_no_minutes(database: Database, folder: Path) -> None:
    slow = Answer.of({}, status=429, headers={"retry-after": "7"})
    job = a_job(limits=Budget(minutes=0.1))
    async with (
        Host([slow, Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, job) as inside,
    ):
        got = [await inside.chat() for _ in range(2)]
        waited, refusal = inside.door.waited, inside.door.refusal

    assert ([each.status for each in got], refusal) == ([200, 200], None)
    assert waited >= 7


async def test_who_waits_beside_another_waits_once_and_an_hour_at_most() -> None:
    moments = [0.0]
    waiting = Waiting(lambda: moments[0])

    with waiting.on():
        moments[0] = 10.0
        with waiting.on():
            moments[0] = 30.0
            assert waiting.seconds == 30
        moments[0] = 40.0
    moments[0] = 50.0
    assert waiting.seconds == 40

    with waiting.on():
        moments[0] = 9_000.0
    assert waiting.seconds == 3_600


async def test_the_budget_of_one_attempt_is_named(database: Database, folder: Path) -> None:
    job = a_job(limits=Budget(usd=2), before=Used(usd=1.0), own=Budget(turns=2))
    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, job) as inside,
    ):
        sent = await fill(inside)
        refusal = inside.door.refusal

    said = "budget reached (the budget of one attempt): 2 of 2 turns used"
    assert (sent, refusal and refusal.message) == (2, said)


async def test_parallel_calls_do_not_pass_a_budget_together(
    database: Database, folder: Path
) -> None:
    async with (
        Host([Answer.of({"usage": CHAT_USAGE}, hang=0.02)]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, a_job(limits=Budget(usd=0.02))) as inside,
    ):
        got = await asyncio.gather(*(inside.chat(max_tokens=80) for _ in range(30)))

    spent = await database.read(lambda c: calls.spend(c, "run1"))
    assert sorted({each.status for each in got}) == [200, 402]
    assert 0.02 - 2 * USD < spent.usd <= 0.02


async def test_a_call_waits_where_only_another_under_way_stands_against_it(
    database: Database, folder: Path
) -> None:
    limits = Budget(
        usd=2 * 0.0126
    )  # one fits with its reservation, two do not, and two together do
    async with (
        Host([Answer.of({"usage": CHAT_USAGE}, hang=0.05)]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, a_job(limits=limits)) as inside,
    ):
        got = await asyncio.gather(*(inside.chat(max_tokens=1000) for _ in range(2)))

    assert [each.status for each in got] == [200, 200]
    assert host.most_at_once == 1


@pytest.mark.parametrize(
    ("limits", "sent", "says"),
    [
        (Budget(turns=3), 3, "3 of 3 turns"),
        (Budget(tokens=3500), 3, "3,150 of 3,500 tokens"),
        (Budget(minutes=0), 0, "0 of 0 minutes"),
        (Budget(usd=0), 0, "$0.00 of $0.00"),
    ],
)
async def test_every_kind_of_limit_ends_it(
    limits: Budget, sent: int, says: str, database: Database, folder: Path
) -> None:
    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url)) as gateway,
        opened(gateway, a_job(limits=limits)) as inside,
    ):
        await fill(inside, most=9)
        refusal = inside.door.refusal

    assert len(host.seen) == sent
    assert refusal is not None
    assert says in refusal.message
    assert [c.status for c in await rows(database)][-1] is CallStatus.REFUSED


def test_a_shared_budget_is_named_with_when_it_begins_anew() -> None:
    budgets = Budgets(person_day=SHARED, repository_day=SHARED, month=SHARED)
    december = datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp()

    named = [limit.name for limit in a_job().shared_limits(budgets, december)]

    assert named == [
        "today's budget of ana, which begins anew at 00:00 UTC",
        "today's budget of octo/shop, which begins anew at 00:00 UTC",
        "this month's budget, which begins anew on 2027-01-01, 00:00 UTC",
    ]


SHARED = Budget(turns=3)


@pytest.mark.parametrize(
    ("budgets", "other", "fits"),
    [
        (Budgets(person_day=SHARED), {"repository_id": 11}, False),
        (Budgets(person_day=SHARED), {"person": "bob"}, True),
        (Budgets(repository_day=SHARED), {"person": "bob"}, False),
        (Budgets(repository_day=SHARED), {"repository_id": 11}, True),
        (Budgets(month=SHARED), {"person": "bob", "repository_id": 11}, False),
        (Budgets(month=SHARED), {"installation_id": 6}, True),
    ],
)
async def test_runs_share_what_is_bounded_by_day_and_month(
    budgets: Budgets, other: dict[str, Any], fits: bool, database: Database, folder: Path
) -> None:
    keep_clear()

    async def one(job: Job) -> int:
        async with opened(gateway, job) as inside:
            return await fill(inside, most=3)

    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, budgets, one=an_endpoint(host.url)) as gateway,
    ):
        assert await one(a_job()) == 3
        assert await one(a_job(run_id="run2", **other)) == (3 if fits else 0)


async def test_an_unknown_price_is_unknown_and_bound_by_tokens(
    database: Database, folder: Path
) -> None:
    endpoint = an_endpoint("http://127.0.0.1:1", price=None)
    async with Host([Answer.of({"usage": CHAT_USAGE})]).running() as host:
        one = endpoint.model_copy(update={"url": host.url})
        async with (
            gateway_of(database, folder, one=one) as gateway,
            opened(gateway, a_job(limits=Budget(usd=0.0035))) as inside,
        ):
            await fill(inside)
            refusal = inside.door.refusal

    spent = await database.read(lambda c: calls.spend(c, "run1"))
    assert (spent.calls, spent.unpriced, spent.usd, spent.tokens) == (3, 3, 0.0, 3150)
    assert refusal is not None
    assert "$0.0032 of $0.0035 used (a million tokens at an unknown price count" in refusal.message


async def test_a_subscription_costs_no_dollars_and_tokens_bind(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("oauth-token-1234567890\n")
    limits = Budget(usd=0.0001, tokens=3500)
    async with Host([Answer.of({"usage": BODIES[Api.MESSAGES][2]["usage"]})]).running() as host:
        one = an_endpoint(host.url, Api.MESSAGES, key=None, bearer_file=token, price=None)
        async with (
            gateway_of(database, folder, one=one) as gateway,
            opened(gateway, a_job(limits=limits)) as inside,
        ):
            got = [await inside.post(*asking(Api.MESSAGES, stream=False)) for _ in range(4)]

    spent = await database.read(lambda c: calls.spend(c, "run1"))
    assert [each.status for each in got] == [200, 200, 402, 402]
    assert (spent.calls, spent.subscribed, spent.unpriced, spent.usd) == (2, 2, 0, 0.0)
    assert host.seen[0].headers["authorization"] == "Bearer oauth-token-1234567890"
    assert "oauth" in host.seen[0].headers["anthropic-beta"]


async def test_gpu_minutes_are_priced_by_the_clock(database: Database, folder: Path) -> None:
    async with Host([Answer.of({"usage": CHAT_USAGE}, hang=0.3)]).running() as host:
        one = an_endpoint(host.url, price={"gpu_minute": 0.6})
        async with (
            gateway_of(database, folder, one=one) as gateway,
            opened(gateway) as inside,
        ):
            await inside.chat()

    (call,) = await rows(database)
    assert call.usd == pytest.approx(call.seconds / 60 * 0.6)
    assert 0.3 <= call.seconds < 30


DEAR: dict[str, Any] = {"price": {"gpu_minute": 60}, "call_seconds": 20}
"""A dollar a second: 20 for all the time that a call may take, and one to be let out at all."""


async def test_a_small_budget_lets_a_call_take_what_time_it_pays_for(
    database: Database, folder: Path
) -> None:
    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url, **DEAR)) as gateway,
        opened(gateway, a_job(limits=Budget(usd=5))) as inside,
    ):
        got = await inside.chat()

    (call,) = await rows(database)
    assert got.status == 200
    assert call.usd == pytest.approx(call.seconds)


async def test_a_call_ends_with_the_money_for_its_time(database: Database, folder: Path) -> None:
    async with (
        Host([Answer.of({"usage": CHAT_USAGE}, hang=30)]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url, **DEAR)) as gateway,
        opened(gateway, a_job(limits=Budget(usd=1.2))) as inside,
    ):
        got = await inside.chat()
        refusal = inside.door.refusal

    (call,) = await rows(database)
    assert (got.status, refusal and refusal.kind) == (402, "budget")
    assert refusal is not None
    assert refusal.message.startswith("budget reached: the call took all the time that there was")
    assert call.status is CallStatus.FAILED
    assert call.usd == pytest.approx(call.seconds)
    assert call.seconds >= 1.2


async def test_too_little_for_any_time_lets_nothing_out(database: Database, folder: Path) -> None:
    async with (
        Host([Answer.of({"usage": CHAT_USAGE})]).running() as host,
        gateway_of(database, folder, one=an_endpoint(host.url, **DEAR)) as gateway,
        opened(gateway, a_job(limits=Budget(usd=0.9))) as inside,
    ):
        await inside.chat()
        refusal = inside.door.refusal

    assert host.seen == []
    said = "budget reached: $0.00 of $0.90 used, and the next call may cost $1.00"
    assert refusal is not None
    assert refusal.message == said


@pytest.mark.parametrize(
    ("price", "usd", "said"),
    [
        ({"input": 3, "output": 15}, 0.001, "$0.0000 of $0.0010 used, and the next call may cost"),
        (None, 0.2, "$0.00 of $0.20 used (a million tokens at an unknown price count as $1), and"),
    ],
)
async def test_a_budget_that_no_call_fits_into_says_why(
    database: Database, folder: Path, price: Any, usd: float, said: str
) -> None:
    async with Host([Answer.of({"usage": CHAT_USAGE})]).running() as host:
        one = an_endpoint(host.url, price=price, model="nobody-knows")
        async with (
            gateway_of(database, folder, one=one) as gateway,
            opened(gateway, a_job(limits=Budget(usd=usd))) as inside,
        ):
            await inside.chat(model="nobody-knows", max_tokens=900_000)
            refusal = inside.door.refusal

    assert refusal is not None
    assert said in refusal.message


async def test_what_a_dead_process_left_reserved_counts_at_its_largest(
    database: Database, folder: Path
) -> None:
    left = a_job().call("one", an_endpoint("http://127.0.0.1:1"), 1000.0)
    left = left.model_copy(update={"usd": 0.5, "input_tokens": 7, "output_tokens": 8})
    await database.write(lambda c: calls.insert(c, left))
    async with (
        gateway_of(database, folder, one=an_endpoint("http://127.0.0.1:1")) as gateway,
        opened(gateway),
    ):
        pass

    (call,) = await rows(database)
    assert (call.status, call.usd, call.estimated) == (CallStatus.FAILED, 0.5, True)
