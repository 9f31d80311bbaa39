"""Mirror labels: made with colour and words once, put on and taken off, people's own left alone."""

from bot.runs import DefineLabel, Label
from tests.github.world import World

WORKING = DefineLabel(name="coppice:working", color="1d76db", description="Coppice is at work")


async def names(world: World) -> list[str]:
    return [label["name"] for label in await world.call("GET", "/issues/1/labels")]


async def test_a_label_is_made_once_with_its_colour(world: World) -> None:
    await world.apply(WORKING)
    await world.forget()
    again = await world.apply(WORKING)

    assert not again.wrote
    label = await world.call("GET", "/labels/coppice:working")
    assert (label["color"], label["description"]) == ("1d76db", "Coppice is at work")


async def test_what_people_made_of_a_label_stays(world: World) -> None:
    mine = {"name": "coppice:working", "color": "000000", "description": "ours"}
    await world.call("POST", "/labels", mine)

    await world.apply(WORKING)

    assert (await world.call("GET", "/labels/coppice:working"))["color"] == "000000"


async def test_a_label_goes_on_and_off_and_others_stay(world: World) -> None:
    await world.call("POST", "/issues/1/labels", {"labels": ["theirs"]})
    on = Label(issue=1, name="coppice:working", on=True)

    assert (await world.apply(on)).wrote
    assert not (await world.apply(on)).wrote
    assert "coppice:working" in await names(world)
    assert (await world.apply(on.model_copy(update={"on": False}))).wrote
    assert not (await world.apply(on.model_copy(update={"on": False}))).wrote

    assert "theirs" in await names(world)
    assert "coppice:working" not in await names(world)
