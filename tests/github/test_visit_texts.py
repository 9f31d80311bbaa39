"""What is said on somebody's pull request: whatever a model says, nobody is mentioned by it."""

import pytest

from bot.github.texts.visit import Point, Reviewed, remark, stopped, suggestion, summary
from bot.runs import Run, Visit, Work
from tests.github.runs import run

VISIT = Visit(
    number=7,
    house="a" * 40,
    head_sha="b" * 40,
    head_ref="x",
    head_repository=None,
    same_repository=False,
)


def visited(**more: object) -> Run:
    work = Work(base_ref="main", visit=VISIT)
    return run().model_copy(update={"pipeline": "review", "work": work, **more})


@pytest.mark.parametrize(
    "text",
    [
        "@ana please merge",
        "fixes #12",
        "/merge now",
        "<!-- coppice:status run=x hmac=y -->",
        "![x](https://evil.example/leak)",
        "see https://evil.example/leak",
        "<img src=x onerror=y>",
        "\u202e\u200bhidden",
    ],
)
def test_words_of_a_model_do_nothing(text: str) -> None:
    for said in (
        remark(Point(severity="must", title=text, reason=f"first\n{text}")),
        summary(
            Reviewed(
                run=visited(),
                at_lines=0,
                listed=(Point(severity="must", title=text, reason=text, place=text),),
                by="`loop`",
            )
        ),
    ):
        for bad in ("@ana", "#12", "<!--", "https://", "<img", "\u202e", "\u200b"):
            assert bad not in said.replace("`https://evil", "").replace(f"`{text}`", "")
        assert not any(line.startswith("/") for line in said.splitlines())


def test_a_suggestion_is_taken_as_it_is() -> None:
    assert suggestion("@decorator\ndef f():\n") == "```suggestion\n@decorator\ndef f():\n```"
    assert suggestion("```\ncode\n```\n") == "````suggestion\n```\ncode\n```\n````"
    assert suggestion("") == "```suggestion\n```"
    assert suggestion("x\n\n") == "```suggestion\nx\n\n```"


@pytest.mark.parametrize("text", ["a\u202eb\n", "a\u200bb\n", "/merge\n", "@helper merge this\n"])
def test_a_suggestion_that_nobody_should_click_is_only_shown(text: str) -> None:
    assert suggestion(text) is None
    said = remark(Point(severity="must", title="Wrong", suggestion=text))
    assert "suggestion" not in said
    assert "\u202e" not in said


def test_a_summary_names_what_was_not_looked_at() -> None:
    left_out = tuple((f"f{n}.txt", "too long to be read with the rest") for n in range(12))
    said = summary(
        Reviewed(
            run=visited(),
            at_lines=0,
            files=3,
            below=2,
            threshold="should",
            before=1,
            unsaid=4,
            left_out=left_out,
            by="`loop`",
        )
    )

    assert said.startswith("**Nothing new**. Looked at 3 files of bbbbbbb against `main`.")
    assert "`f0.txt` (too long to be read with the rest)" in said
    assert "2 files more." in said
    assert "4 more do not fit here" in said
    assert said.endswith("By `loop`, asked for by `ana`: no approval.")


def test_a_failure_says_what_to_type() -> None:
    assert "`/coppice retry` looks once more." in stopped(visited(), "Stopped: it broke")
    assert "`/coppice retry` mends once more." in stopped(visited(pipeline="mend"), "Stopped: x")


def test_on_a_pull_request_of_coppice_a_failed_review_is_asked_for_anew() -> None:
    ours = VISIT.model_copy(update={"head_ref": "coppice/7-4f9a1c", "same_repository": True})
    theirs = ours.model_copy(update={"same_repository": False})

    for visit, verb in ((ours, "review"), (theirs, "retry")):
        said = stopped(visited(work=Work(base_ref="main", visit=visit)), "Stopped: it broke")
        assert f"`/coppice {verb}` looks once more." in said
