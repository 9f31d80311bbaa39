"""A marker of ours that is genuine elsewhere proves nothing here."""

import pytest

from bot.github.marker import Markers
from bot.pipeline import visit_reports
from bot.pipeline.findings import Finding, Severity
from bot.pipeline.remarks import Print, Remark
from bot.runs import RepositoryRef, Run
from tests.github.runs import run

MARKERS = Markers(bytes(32))
REMARK = Remark(
    finding=Finding(severity=Severity.MUST, title="It deletes all"),
    known_by=Print(words="a" * 12, place="b" * 12),
)


def of(repository: int, pull_request: int) -> Run:
    ref = RepositoryRef(id=repository, full_name="acme/shop", installation_id=5)
    return run().model_copy(update={"repository": ref, "issue": pull_request})


def test_a_finding_is_known_again_where_it_was_said() -> None:
    said = f"It deletes all.\n{visit_reports.mark(of(77, 7), REMARK, MARKERS)}"

    assert visit_reports.known(of(77, 7), [said], MARKERS) == [REMARK.known_by.text]


@pytest.mark.parametrize("elsewhere", [of(77, 8), of(78, 7), of(7, 77), of(77, 70)])
def test_a_finding_that_was_said_elsewhere_is_said_here(elsewhere: Run) -> None:
    """Its marker, taken along in words that we quote, would keep a reviewer silent."""
    said = visit_reports.mark(elsewhere, REMARK, MARKERS)

    assert visit_reports.known(of(77, 7), [said], MARKERS) == []


@pytest.mark.parametrize("about", [REMARK.known_by.text, f"77/7/{REMARK.known_by.text}"])
def test_a_marker_that_nobody_signed_for_this_place_is_none(about: str) -> None:
    genuine = MARKERS.make("finding", "somewhere")
    forged = genuine.replace("run=somewhere", f"run={about}")

    assert visit_reports.known(of(77, 7), [forged], MARKERS) == []
