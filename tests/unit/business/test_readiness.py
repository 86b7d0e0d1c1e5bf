"""Whether an order may go out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.authorizations import Authorization, Use
from business.eligibility import EligibilityCheck
from business.mac import MacValidation, required_documentation
from business.readiness import (
    CONDITIONS,
    SIGNED,
    Condition,
    Episode,
    Evidence,
    Paper,
    Product,
    ReadinessFacts,
    readiness,
)
from business.statuses import status_map

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CHECK = EligibilityCheck("e1", "eligible", True, NOW - DAY, NOW + 10 * DAY, "Medicare", "M1", "availity")
VALIDATION = MacValidation("v1", "passed", True, False, NOW - DAY, NOW + 29 * DAY)
AUTHORIZATION = Authorization("a1", "approved", "PA-1", None, date(2025, 6, 20), 10)
EPISODE = Episode("i1", "maker", "completed", NOW + 60 * DAY)
PRODUCT = Product("p1", "E2402", "maker", 2, Decimal("100.00"), requires_authorization=True)
PAPERS = tuple(
    Paper(f"d-{document.code}", "signed", document.code)
    for requirement in [required_documentation("E2402")]
    if requirement
    for document in requirement.documents
)
READY = ReadinessFacts(
    NOW,
    (PRODUCT,),
    True,
    "JK",
    (CHECK,),
    (VALIDATION,),
    (AUTHORIZATION,),
    (),
    (EPISODE,),
    PAPERS,
)
CODES = ["eligibility", "mac", "authorization", "ivr", "documents"]


def condition(facts: ReadinessFacts, code: str) -> Condition:
    return next(each for each in readiness(facts).conditions if each.code == code)


def test_an_order_with_everything_is_ready_and_says_until_when() -> None:
    answer = readiness(READY)
    assert [(each.code, each.state) for each in answer.conditions] == [(code, "met") for code in CODES]
    assert answer.is_ready
    assert answer.next_due == date(2025, 6, 11)


def test_every_condition_that_is_met_has_its_evidence_and_every_one_a_reason() -> None:
    found = {each.code: each for each in readiness(READY).conditions}
    assert found["eligibility"].evidence == (Evidence("eligibility-check", "e1"),)
    assert found["mac"].evidence == (Evidence("mac-validation", "v1"),)
    assert found["authorization"].evidence == (Evidence("prior-authorization", "a1"),)
    assert found["authorization"].due == date(2025, 6, 20)
    assert found["ivr"].evidence == (Evidence("ivr-episode", "i1"),)
    assert {each.id for each in found["documents"].evidence} == {paper.id for paper in PAPERS}
    assert all(each.reason.endswith(".") for each in found.values())


def test_of_an_order_of_which_nothing_is_known_nothing_is_met() -> None:
    answer = readiness(ReadinessFacts(NOW))
    assert [each.code for each in answer.conditions] == CODES
    assert {each.state for each in answer.conditions} == {"unknown"}
    assert not answer.is_ready
    assert answer.next_due is None


def test_a_stale_check_makes_the_eligibility_unknown_and_an_inactive_one_unmet() -> None:
    assert condition(replace(READY, checks=(replace(CHECK, expires_at=NOW),)), "eligibility").state == "unknown"
    inactive = replace(CHECK, status="inactive", coverage_active=False)
    assert condition(replace(READY, checks=(inactive,)), "eligibility").state == "unmet"


def test_a_payer_other_than_medicare_needs_no_validation_and_no_medicare_documents() -> None:
    private = replace(READY, is_medicare=False, validations=(), papers=())
    assert condition(private, "mac").state == "not-needed"
    assert condition(private, "documents").state == "not-needed"
    assert readiness(private).is_ready


def test_when_nobody_knows_the_payer_the_validation_is_not_known() -> None:
    assert condition(replace(READY, is_medicare=None, validations=()), "mac").state == "unknown"
    assert condition(replace(READY, validations=()), "mac").state == "unmet"


@pytest.mark.parametrize(
    ("status", "met", "state"),
    [
        ("denied", False, "unmet"),
        ("needs_documentation", None, "unmet"),
        ("pending", None, "unknown"),
        ("passed", False, "unknown"),
        ("odd", True, "unknown"),
        ("error", None, "unknown"),
        ("cancelled", None, "unmet"),
        ("expired", True, "unmet"),
    ],
)
def test_only_a_validation_that_was_passed_is_met(status: str, met: bool | None, state: str) -> None:
    validation = replace(VALIDATION, status=status, coverage_met=met)
    assert condition(replace(READY, validations=(validation,)), "mac").state == state


def test_the_latest_validation_counts_and_one_that_is_due_again_is_not_met() -> None:
    older = replace(VALIDATION, id="v0", status="denied", coverage_met=False, validated_at=NOW - 9 * DAY)
    assert condition(replace(READY, validations=(VALIDATION, older)), "mac").state == "met"
    due = replace(VALIDATION, next_due=NOW)
    assert condition(replace(READY, validations=(due,)), "mac").state == "unmet"


def test_an_authorization_without_units_left_is_unmet_and_says_why() -> None:
    used = replace(READY, uses=(Use("other", "shipped", 9),))
    found = condition(used, "authorization")
    assert (found.state, found.missing) == ("unmet", ("authorization-units",))
    assert "1 units left" in found.reason


def test_products_that_need_neither_authorization_nor_verification_do_not_wait_for_them() -> None:
    plain = replace(PRODUCT, requires_authorization=False, requires_ivr=False)
    facts = replace(READY, products=(plain,), authorizations=(), episodes=())
    assert [condition(facts, code).state for code in ("authorization", "ivr")] == ["not-needed", "not-needed"]
    assert readiness(facts).is_ready


@pytest.mark.parametrize(
    "episode",
    [
        replace(EPISODE, status="sent"),
        replace(EPISODE, status="odd"),
        replace(EPISODE, status=None),
        replace(EPISODE, expires_at=NOW),
        replace(EPISODE, manufacturer="another"),
    ],
)
def test_a_verification_that_is_not_signed_not_valid_or_of_another_manufacturer_is_not_enough(episode: Episode) -> None:
    found = condition(replace(READY, episodes=(episode,)), "ivr")
    assert (found.state, found.missing) == ("unmet", ("maker",))


def test_every_manufacturer_of_the_order_needs_its_own_verification() -> None:
    two = replace(READY, products=(PRODUCT, replace(PRODUCT, product="p2", manufacturer="another")))
    assert condition(two, "ivr").missing == ("another",)
    signed = replace(two, episodes=(EPISODE, Episode("i2", "another", "Verified", NOW + DAY)))
    found = condition(signed, "ivr")
    assert (found.state, found.due) == ("met", date(2025, 6, 2))
    assert condition(replace(READY, products=(replace(PRODUCT, manufacturer=None),)), "ivr").state == "unknown"


def test_the_signed_statuses_are_those_that_the_map_calls_completed() -> None:
    assert set(status_map("ivr-episode").texts("completed")) == SIGNED


def test_a_missing_document_is_named() -> None:
    found = condition(replace(READY, papers=PAPERS[1:]), "documents")
    assert (found.state, found.missing) == ("unmet", (PAPERS[0].code,))


def test_a_validation_that_found_the_documents_complete_is_evidence_enough() -> None:
    complete = replace(READY, papers=(), validations=(replace(VALIDATION, documentation_complete=True),))
    found = condition(complete, "documents")
    assert (found.state, found.evidence) == ("met", (Evidence("mac-validation", "v1"),))


@pytest.mark.parametrize(
    ("status", "state"), [("sent", "unmet"), ("odd", "unmet"), ("declined", "met"), ("void", "met")]
)
def test_a_document_that_somebody_still_has_to_sign_is_waited_for(status: str, state: str) -> None:
    found = condition(replace(READY, papers=(*PAPERS, Paper("more", status))), "documents")
    assert found.state == state


def test_products_that_tell_nothing_leave_the_documents_unknown() -> None:
    assert condition(replace(READY, products=(replace(PRODUCT, hcpcs=None),)), "documents").state == "unknown"


def test_days_are_those_of_the_clinic() -> None:
    west = NOW.astimezone(timezone(timedelta(hours=-10)))
    late = replace(CHECK, expires_at=datetime(2025, 6, 11, 3, tzinfo=UTC))
    assert condition(replace(READY, now=west, checks=(late,)), "eligibility").due == date(2025, 6, 10)


@given(
    st.sets(st.sampled_from(["checks", "validations", "authorizations", "episodes", "papers", "products"]), min_size=1)
)
def test_an_order_that_lacks_anything_is_not_ready(lacking: set[str]) -> None:
    answer = readiness(replace(READY, **dict.fromkeys(lacking, ())))
    assert not answer.is_ready
    assert len(answer.conditions) == len(CONDITIONS)
    assert {each.state for each in answer.blocking} <= {"unmet", "unknown"}
