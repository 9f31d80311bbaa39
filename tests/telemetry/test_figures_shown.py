"""`/metrics`: what it says, what it must never say, and that a slow database cannot hang it."""

import asyncio

from bot.store.figures import Figures
from bot.telemetry import board as boards
from bot.telemetry import seen
from tests.store.rows import SHOP, a_run
from tests.telemetry.board import FIGURES, full_board, names, samples


async def test_figures_of_the_database_and_of_the_process_are_shown() -> None:
    shown = await samples(full_board())

    assert shown["coppice_deliveries{decision=dead}"] == 2
    assert shown["coppice_dispatch_lag_seconds"] == 4.5
    assert shown["coppice_runs{status=running}"] == 9
    assert shown["coppice_stages_running{stage=implement}"] == 2
    assert shown["coppice_dollars_today"] == 1.25
    assert shown["coppice_workers{state=alive}"] == 2
    assert shown["coppice_box_level{name=bubblewrap}"] == 3
    assert shown["coppice_github_write_budget_used"] == 0.5
    assert shown["coppice_deliveries_journalled_total{outcome=new}"] == 7
    assert (shown["coppice_leader"], shown["coppice_ready"], shown["coppice_database_up"]) == (
        1,
        1,
        1,
    )
    assert shown["process_resident_memory_bytes"] > 2**20


async def test_a_process_that_only_takes_in_shows_only_that() -> None:
    shown = await names(full_board(role="web", read=None))

    assert {name for name in shown if name.startswith("coppice_")} == {
        "coppice_info",
        "coppice_ready",
        "coppice_deliveries_journalled_total",
        "coppice_webhooks_refused_total",
        "coppice_journal_waiting",
    }


async def test_what_happens_is_counted_and_names_nobody() -> None:
    before = await samples(full_board())
    with seen.effect("comment", SHOP, "aaaaaa111111") as told:
        told.outcome = seen.wrote(something=True)
    with seen.stage("aaaaaa111111", "implement", 1) as told:
        told.outcome = "passed"
    with seen.delivery("guid-1", "issues", repository="octo/shop", received_at=0, tries=0) as told:
        told.outcome = "start"
    seen.run_ended(a_run(), a_run().status)
    board = full_board()

    after = await samples(board)

    def grew(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grew("coppice_effects_total{kind=comment}{outcome=written}") == 1
    assert grew("coppice_stage_attempts_total{stage=implement}{status=passed}") == 1
    assert grew("coppice_deliveries_decided_total{decision=start}") == 1
    text = (await board.text()).decode()
    assert [word for word in ("octo", "guid-1", "aaaaaa", "ana") if word in text] == []


async def test_a_stage_that_is_cancelled_or_breaks_is_counted_as_such() -> None:
    async def hang() -> None:
        with seen.stage("aaaaaa111111", "verify", 1):
            await asyncio.Event().wait()

    cancelled = "coppice_stage_attempts_total{stage=verify}{status=cancelled}"
    before = (await samples(full_board())).get(cancelled, 0)
    task = asyncio.create_task(hang())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))

    assert (await samples(full_board()))[cancelled] == before + 1


async def test_a_database_that_does_not_answer_leaves_the_rest() -> None:
    async def broken() -> Figures:
        raise ConnectionError("gone")

    shown = await samples(full_board(read=broken))

    assert shown["coppice_database_up"] == 0
    assert "coppice_dispatch_lag_seconds" not in shown
    assert shown["coppice_box_level{name=bubblewrap}"] == 3


async def test_many_scrapes_at_once_ask_the_database_once() -> None:
    asked = 0

    async def slow() -> Figures:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return FIGURES

    board = full_board(read=slow)
    shown = await asyncio.gather(*(samples(board) for _ in range(5)))

    assert asked == 1
    assert {each["coppice_dispatch_lag_seconds"] for each in shown} == {4.5}
    assert boards.KEPT_SECONDS < 15  # an ordinary scrape interval sees something new
