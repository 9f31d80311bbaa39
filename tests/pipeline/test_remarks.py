"""What a review says: grave things first, nothing twice, no more than people can bear."""

from typing import Any

from bot.pipeline.configuration import ReviewChoice
from bot.pipeline.findings import Finding
from bot.pipeline.placing import read
from bot.pipeline.remarks import Looked, Said, choose, fingerprint

TEXT = "@@ -0,0 +1,60 @@\n" + "".join(f"+line number {n}\n" for n in range(1, 60)) + "+}\n"
FILES = read([("a.py", TEXT)])


def finding(title: str, line: int | None = None, severity: str = "must") -> Finding:
    return Finding.model_validate(
        {"file": "a.py", "line": line, "severity": severity, "title": title}
    )


def said(*found: Finding, known: tuple[str, ...] = (), **review: Any) -> Said:
    prints = tuple(fingerprint(each, FILES) for each in found)
    looked = Looked(commit="c", files=1, prints=prints)
    return choose(found, looked, known, ReviewChoice.model_validate(review))


def known(*found: Finding) -> tuple[str, ...]:
    return tuple(fingerprint(each, FILES).text for each in found)


def titles(told: Said) -> list[str]:
    return [remark.finding.title for remark in told.new]


def test_grave_ones_come_first_and_light_ones_are_left_out() -> None:
    told = said(finding("light", 1, "note"), finding("weak", 2, "should"), finding("grave", 3))

    assert titles(told) == ["grave", "weak"]
    assert (told.below, told.before, told.unsaid) == (1, 0, 0)


def test_the_threshold_is_the_repositorys() -> None:
    found = (finding("light", 1, "note"), finding("weak", 2, "should"), finding("grave", 3))

    assert titles(said(*found, threshold="note")) == ["grave", "weak", "light"]
    assert titles(said(*found, threshold="must")) == ["grave"]


def test_the_same_words_are_said_once_whatever_the_line() -> None:
    told = said(finding("The  Same", 5), known=known(finding("the same", 9)))

    assert (titles(told), told.before) == ([], 1)


def test_other_words_about_the_same_line_are_the_same() -> None:
    assert titles(said(finding("in other words", 5), known=known(finding("first", 5)))) == []


def test_a_line_that_says_nothing_tells_no_two_findings_apart() -> None:
    told = said(finding("of the last brace", 60), known=known(finding("another", 60)))

    assert titles(told) == ["of the last brace"]


def test_two_findings_of_one_answer_may_stand_at_one_line() -> None:
    assert titles(said(finding("one", 5), finding("other", 5), finding("one", 5))) == [
        "one",
        "other",
    ]


def test_what_stands_at_no_line_is_listed() -> None:
    told = said(finding("nowhere"), finding("here", 5))

    assert [remark.finding.title for remark in told.at_lines] == ["here"]
    assert [remark.finding.title for remark in told.listed] == ["nowhere"]


def test_what_does_not_fit_waits_for_the_next_review() -> None:
    found = [finding(f"finding {n}", n) for n in range(1, 60)]
    first = said(*found, comments=2)
    before = tuple(remark.known_by.text for remark in first.new)

    second = said(*found, comments=2, known=before)

    assert (len(first.at_lines), len(first.listed), first.unsaid) == (2, 50, 7)
    assert (len(second.at_lines), len(second.listed), second.unsaid) == (2, 5, 0)
    assert second.before == 52
