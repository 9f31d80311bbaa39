"""Commands and labels choose how a run goes; who may not choose is not followed."""

import pytest

from bot.runs import (
    Again,
    Budget,
    Comment,
    MessageKind,
    Options,
    Permission,
    Publish,
    React,
    RunStatus,
    Start,
    Work,
    ignore,
)
from tests.handlers.payloads import commented, labeled, unlabeled
from tests.handlers.world import TRIGGER, World, run


def labels(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


async def started(world: World, event: str, payload: object) -> Start:
    (start,) = (await world.decide(event, payload)).starts
    assert isinstance(start, Start)
    return start


async def test_a_command_chooses_for_its_run(world: World) -> None:
    command = "/coppice run model=strong budget=5usd,30min publish=patch base=next keep it small"

    start = await started(world, "issue_comment", commented(command))

    options = start.run.trigger.options
    assert start.run.publish is Publish.PATCH
    assert (options.model, options.base) == ("strong", "next")
    assert options.budget == Budget(usd=5, minutes=30)
    assert start.run.trigger.goal == "keep it small"


async def test_settings_may_stand_behind_the_goal(world: World) -> None:
    start = await started(world, "issue_comment", commented("/coppice run keep it budget=1usd"))

    assert start.run.trigger.goal == "keep it"
    assert start.run.trigger.options.budget == Budget(usd=1)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("agent=codex", "The operator allows no agent `codex`"),
        ("budget=lots", "is no budget"),
        ("publish=merge", "`publish=` takes"),
        ("budgt=5usd", "Did you mean `budget=`?"),
        ("base=--upload-pack=x", "`base=` takes"),
        ("base=$(id)", "`base=` takes"),
        ("base=a..b", "is not a name that a branch can have"),
    ],
)
async def test_a_choice_that_cannot_be_is_answered(world: World, setting: str, said: str) -> None:
    decision = await world.decide("issue_comment", commented(f"/coppice run {setting}"))

    assert decision.starts == ()
    assert said in str(decision.effects)


async def test_labels_by_somebody_who_may_choose_for_the_run(world: World) -> None:
    names = ("coppice", "coppice:publish=branch", "coppice:budget=2usd", "coppice:priority=1")
    world.github.labelled = dict.fromkeys(names, "ana")

    start = await started(world, "issues", labeled(labels=labels(*names)))

    assert start.run.publish is Publish.BRANCH
    assert start.run.trigger.options.budget == Budget(usd=2)
    assert start.run.trigger.options.priority == 1


@pytest.mark.parametrize("by", [{"coppice:publish=branch": "raj"}, {}])
async def test_labels_by_others_choose_nothing(world: World, by: dict[str, str]) -> None:
    world.github.labelled = by

    decision = await world.decide("issues", labeled(labels=labels("coppice:publish=branch")))

    (start,) = decision.starts
    assert isinstance(start, Start)
    assert start.run.publish is Publish.PR
    why = "by `raj`, who has triage; it takes write access" if by else "nobody knows who"
    assert why in (decision.reason or "")
    assert why in start.run.trigger.ignored[0]


async def test_a_label_that_chooses_says_that_it_starts_nothing(world: World) -> None:
    decision = await world.decide("issues", labeled("coppice:agent=codex"))

    assert decision == ignore(
        "label `coppice:agent=codex` chooses for the issue's next run, and starts none"
    )


async def test_somebody_of_another_team_gets_one_refusal_with_the_box(world: World) -> None:
    world.github.rules = "start: ['team:helpers']"
    world.github.teams = {"helpers": (), "others": ("eve",)}

    told = await world.decide("issue_comment", commented("/coppice run", "eve"))
    labelled = await world.decide("issues", labeled(by="eve"))

    for decision in (told, labelled):
        (said,) = [effect for effect in decision.effects if isinstance(effect, Comment)]
        assert "to be on team `helpers`; `eve` has read." in said.body
        assert "- [ ] Start it for `eve`" in said.body
    assert world.github.asked_of_house == 1


@pytest.mark.parametrize("rules", ["start: ['team:helpers']", "start: [triage]"])
async def test_a_stranger_gets_a_reaction_at_most(world: World, rules: str) -> None:
    world.github.rules = rules
    world.github.teams = {"helpers": ("raj",)}

    decision = await world.decide("issue_comment", commented("/coppice run", "eve"))

    assert [type(effect) for effect in decision.effects] == [React]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (
            "coppice:publish=email",
            "is to say how far it goes: `comment`, `patch`, `branch` or `pr`",
        ),
        ("coppice:budgt=2usd", "means nothing. Did you mean `coppice:budget=…`?"),
    ],
)
async def test_a_label_with_a_typing_error_starts_nothing(
    world: World, label: str, said: str
) -> None:
    world.github.labelled = {label: "ana"}

    decision = await world.decide("issues", labeled(labels=labels("coppice", label)))

    assert decision.starts == ()
    assert f"Not started: The label `{label}` {said}" in str(decision.effects)
    world.github.labelled = {label: "raj"}
    assert (await world.decide("issues", labeled(labels=labels("coppice", label)))).starts


async def test_a_command_goes_before_a_label(world: World) -> None:
    world.github.labelled = {"coppice:publish=branch": "ana"}
    payload = commented("/coppice run publish=patch", labels=labels("coppice:publish=branch"))

    assert (await started(world, "issue_comment", payload)).run.publish is Publish.PATCH


@pytest.mark.parametrize("after", ["fix", "plan-only"])
async def test_the_pipeline_plan_only_is_the_command_plan(world: World, after: str) -> None:
    world.github.rules = f"pipeline: {after}"

    start = await started(world, "issue_comment", commented("/coppice run pipeline=plan-only"))

    assert start.run.trigger.options.plan_only
    assert start.run.pipeline == after


async def test_the_label_plan_starts_a_run_that_only_plans(world: World) -> None:
    start = await started(world, "issues", labeled("coppice:plan"))

    assert start.run.trigger.options.plan_only


async def test_the_label_approve_is_bound_to_what_was_shown_when_it_was_put_on(
    world: World,
) -> None:
    world.has(run(RunStatus.WAITING, work=Work(plan_hash="3b7e" * 16)))
    put_on = labeled("coppice:approve", updated_at="2026-01-01T00:00:07Z")

    (tell,) = (await world.decide("issues", put_on)).tells

    assert (tell.message.kind, tell.message.hash) == (MessageKind.APPROVE, None)
    assert tell.message.at == "2026-01-01T00:00:07Z"


async def test_the_label_approve_goes_on_with_a_run_that_ended_with_its_plan(world: World) -> None:
    asked = TRIGGER.model_copy(update={"options": Options(plan_only=True)})
    world.has(run(RunStatus.DONE, trigger=asked, work=Work(plan_hash="3b7e" * 16)))

    (start,) = (await world.decide("issues", labeled("coppice:approve"))).starts

    assert isinstance(start, Again)
    assert (start.run_id, start.hash) == ("a1b2c3d4e5f6", "3b7e" * 16)


async def test_an_approval_begins_no_finished_work_again(world: World) -> None:
    world.has(run(RunStatus.DONE, publish=Publish.PATCH, work=Work(plan_hash="3b7e" * 16)))

    labelled = await world.decide("issues", labeled("coppice:approve"))
    commanded = await world.decide("issue_comment", commented("/coppice approve"))

    assert labelled == ignore("no plan waits for an approval here")
    assert commanded.starts == ()
    assert "No plan waits for an approval here." in str(commanded.effects)


@pytest.mark.parametrize(("plan_only", "told"), [(True, 1), (False, 0)])
async def test_taking_off_the_label_plan_stops_the_run_that_it_began(
    world: World, *, plan_only: bool, told: int
) -> None:
    asked = TRIGGER.model_copy(update={"options": Options(plan_only=plan_only)})
    world.has(run(trigger=asked))

    decision = await world.decide("issues", unlabeled("coppice:plan"))

    assert len(decision.tells) == told


async def test_labels_that_choose_two_things_start_nothing(world: World) -> None:
    both = ("coppice:publish=patch", "coppice:publish=comment")
    world.github.labelled = dict.fromkeys(both, "ana")

    decision = await world.decide("issues", labeled(labels=labels("coppice", *both)))

    assert decision.starts == ()
    assert "Of the labels `coppice:publish=patch` and `coppice:publish=comment`" in str(
        decision.effects
    )


async def test_the_label_approve_by_triage_is_refused(world: World) -> None:
    world.has(run(RunStatus.WAITING, work=Work(plan_hash="3b7e" * 16)))

    decision = await world.decide("issues", labeled("coppice:approve", "raj"))

    assert decision.tells == ()
    assert "needs write access" in (decision.reason or "")


async def test_the_label_approve_without_a_plan_does_nothing(world: World) -> None:
    decision = await world.decide("issues", labeled("coppice:approve"))

    assert decision == ignore("no plan waits for an approval here")


@pytest.mark.parametrize(
    ("rules", "by"), [("start: [triage]", "raj"), ("start: ['team:helpers']", "eve")]
)
async def test_the_configuration_may_let_others_start(world: World, rules: str, by: str) -> None:
    world.github.rules = rules
    world.github.teams = {"helpers": ("eve",)}

    assert await started(world, "issue_comment", commented("/coppice run", by))
    assert await started(world, "issues", labeled(by=by))


async def test_a_team_lends_nothing_to_a_name_that_is_somebody_elses(world: World) -> None:
    """Teams are asked by name; that the name is still the sender's, the permission tells."""
    world.github.rules = "start: ['team:helpers']"
    world.github.teams = {"helpers": ("eve",)}
    world.github.permissions["eve"] = Permission.NONE

    by_command = await world.decide("issue_comment", commented("/coppice run", "eve"))
    by_label = await world.decide("issues", labeled(by="eve"))

    assert (by_command.starts, by_label.starts) == ((), ())


async def test_who_may_start_may_not_steer(world: World) -> None:
    world.github.rules = "start: [triage]"
    world.has(run())

    decision = await world.decide("issue_comment", commented("/coppice stop", "raj"))

    assert decision.tells == ()


async def test_what_was_remembered_of_a_refusal_lets_nobody_start(world: World) -> None:
    world.github.rules = "start: [triage]"
    world.has(run(RunStatus.DONE))
    assert (await world.decide("issue_comment", commented("/coppice stop", "raj"))).tells == ()
    world.github.permissions["raj"] = Permission.READ

    assert (await world.decide("issue_comment", commented("/coppice run", "raj"))).starts == ()


async def test_a_bot_steers_only_by_the_operators_list(world: World) -> None:
    world.github.permissions["listed"] = Permission.WRITE

    assert await started(world, "issue_comment", commented("/coppice run", "listed"))
