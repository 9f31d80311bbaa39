"""Pipelines are data: what runs, in which order, and what is refused."""

from pathlib import Path

import pytest

from bot.errors import UserError
from bot.pipeline.definition import load


def write(folder: Path, text: str) -> Path:
    (folder / "test.yaml").write_text(text)
    return folder


def test_the_fix_pipeline_is_cut_at_the_first_stage_that_writes() -> None:
    pipeline = load("fix")

    assert [stage.name for stage in pipeline.preparing] == ["snapshot", "plan"]
    assert [stage.name for stage in pipeline.working] == ["implement", "verify", "review", "rules"]
    assert pipeline.publishing is not None


def test_stages_run_in_topological_order_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        """
stages:
  - {name: out, kind: publish, needs: [guard]}
  - {name: guard, kind: rules, needs: [judge]}
  - {name: judge, kind: verify, needs: [make], back_to: make}
  - {name: make, kind: implement, needs: [read]}
  - {name: read, kind: snapshot}
""",
    )

    pipeline = load("test", folder)

    assert [stage.name for stage in pipeline.stages] == ["read", "make", "judge", "guard", "out"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stages: [{name: a, kind: verify, needs: [b]}]", "names `b`"),
        ("stages: [{name: a, kind: verify, needs: [a]}]", "circle"),
        ("stages: [{name: a, kind: verify}, {name: a, kind: plan}]", "two stages of one name"),
        ("stages: [{name: a, kind: nothing}]", "cannot be read"),
        ("stages: [{name: a, kind: publish}]", "nothing unchecked is delivered"),
        (
            "stages: [{name: s, kind: snapshot}, {name: r, kind: rules, needs: [s]},"
            " {name: i, kind: implement, needs: [r]}, {name: p, kind: publish, needs: [i]}]",
            "nothing unchecked is delivered",
        ),
        ("stages: [{name: i, kind: implement}]", "no `snapshot` comes before the stage `i`"),
        ("stages: [{name: a, kind: verify, back_to: b}, {name: b, kind: plan, needs: [a]}]", "`b`"),
        ("stages: []", "cannot be read"),
        ("stages: [", "cannot be read"),
    ],
)
def test_what_cannot_run_is_refused_with_what_is_wrong(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        load("test", write(tmp_path, text))


def test_an_unknown_pipeline_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There are: test"):
        load("other", write(tmp_path, "stages: []"))
