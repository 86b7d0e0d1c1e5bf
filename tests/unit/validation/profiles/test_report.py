"""What a check against profiles has found (https://hl7.org/fhir/R4/operationoutcome.html)."""

from __future__ import annotations

from fhir_server.validation.profiles.report import MAX_ISSUES, Report


def test_much_that_was_not_looked_at_hides_no_error() -> None:
    report = Report()
    for number in range(2 * MAX_ISSUES):
        report.unseen(f"rule {number}")
    report.error("value", "Patient.name", "is wrong")
    assert report.has_errors
    assert len(report.issues) == MAX_ISSUES + 1


def test_the_same_is_told_once_but_errors_at_every_place() -> None:
    report = Report()
    for number in range(3):
        report.unseen("a rule", f"Patient.name[{number}]")
        report.error("value", f"Patient.name[{number}]", "is wrong")
        report.error("value", f"Patient.name[{number}]", "is wrong")
    assert [issue.severity for issue in report.issues] == ["information", *["error"] * 3]
