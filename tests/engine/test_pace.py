"""Progress is told seldom, and what came too soon is told later."""

from bot.engine.pace import Pace
from tests.github.runs import run

BEGUN = run().created_at


def test_what_came_too_soon_is_owed_and_told_once() -> None:
    now = [BEGUN + 5.0]
    pace = Pace(lambda: now[0])

    assert not pace.due(run())
    assert pace.owing() == []
    now[0] = BEGUN + 20.0
    assert pace.owing() == [run().id]
    assert pace.owing() == []
    assert not pace.due(run())


def test_what_was_told_as_a_stage_began_is_looked_at_once_more_while_it_lasts() -> None:
    now = [BEGUN + 5.0]
    pace = Pace(lambda: now[0])
    pace.due(run())
    now[0] = BEGUN + 19.0

    assert pace.due(run())

    now[0] = BEGUN + 20.0
    assert pace.owing() == []
    now[0] = BEGUN + 34.0
    assert pace.owing() == [run().id]
    assert pace.owing() == []


def test_what_could_not_be_told_is_owed_again() -> None:
    now = [BEGUN + 20.0]
    pace = Pace(lambda: now[0])
    pace.due(run())
    now[0] += 15.0
    assert pace.owing() == [run().id]

    pace.put_off(run().id)

    assert pace.owing() == []
    now[0] += 15.0
    assert pace.owing() == [run().id]
