from __future__ import annotations

from typing import Any

import pytest

from fhir_server.mapping.concepts import any_code, coded, concept, one_of, reference, source_status
from fhir_server.mapping.minted import minted_id
from fhir_server.mapping.trees import ABSENT
from fhir_server.mapping.word import HeardRow
from tests.unit.mapping.columns import t
from tests.unit.mapping.test_words import heard

URL = "urn:source"
STATUS = coded(t.text, {"active": "active", "on_hold": "suspended", "temporarily_closed": "suspended"}, source_url=URL)


def sibling(text: str) -> dict[str, Any]:
    return {"extension": [{"url": URL, "valueString": text}]}


@pytest.mark.parametrize("text", ["on_hold", "On Hold", "ON-HOLD", " on hold "])
def test_case_blanks_and_hyphens_of_a_status_do_not_matter(text: str) -> None:
    assert STATUS.compose({"text": text}) == "suspended"


@pytest.mark.parametrize("text", ["merged", "", None, "active!", "\u212aactive", "active\t"])
def test_a_status_that_is_not_listed_is_never_guessed(text: Any) -> None:
    assert STATUS.compose({"text": text}) is ABSENT


def test_a_text_that_its_code_would_not_bring_back_stands_beside_it() -> None:
    assert STATUS.compose_sibling({"text": "temporarily_closed"}) == sibling("temporarily_closed")
    assert STATUS.compose_sibling({"text": "Active"}) == sibling("Active")
    assert STATUS.compose_sibling({"text": "active"}) is ABSENT
    assert STATUS.compose_sibling({"text": " "}) is ABSENT


def test_a_code_writes_the_first_text_that_means_it() -> None:
    assert heard(STATUS, "suspended") == {"text": "on_hold"}


def test_a_status_that_comes_back_with_its_text_writes_that_text() -> None:
    row = HeardRow()
    assert STATUS.decompose("suspended", row, sibling("temporarily_closed"))
    assert row == {"text": "temporarily_closed"}


def test_a_text_that_means_another_code_is_not_believed() -> None:
    row = HeardRow()
    assert STATUS.decompose("active", row, sibling("temporarily_closed"))
    assert row == {"text": "active"}


def test_a_status_that_still_fits_keeps_the_text_of_the_portal() -> None:
    assert heard(STATUS, "suspended", {"text": "Temporarily Closed"}) == {"text": "Temporarily Closed"}
    assert heard(STATUS, "active", {"text": "Temporarily Closed"}) == {"text": "active"}


@pytest.mark.parametrize("odd", [1, 0, [], {}, None, "merged"])
def test_what_is_no_listed_code_is_not_held(odd: Any) -> None:
    assert heard(STATUS, odd) is None


def test_a_boolean_is_not_mistaken_for_a_number() -> None:
    active = coded(t.text, {"active": True, "closed": False}, source_url=URL)
    assert heard(active, True) == {"text": "active"}
    assert active.compose({"text": "closed"}) is False


def test_a_required_status_says_the_least_committal_code_and_the_text() -> None:
    status = coded(t.text, {"final": "final", "unknown": "unknown"}, source_url=URL, otherwise="unknown")
    assert status.compose({"text": "bogus"}) == "unknown"
    assert status.compose({"text": None}) == "unknown"
    assert status.compose_sibling({"text": "bogus"}) == sibling("bogus")
    assert status.compose_sibling({"text": None}) is ABSENT


def test_a_text_without_a_code_may_stand_apart_on_the_resource() -> None:
    status = coded(t.text, {"active": "active"}, source_url=URL, apart=True)
    apart = source_status(status)
    assert status.compose_sibling({"text": "merged"}) is ABSENT
    assert apart.compose({"text": "merged"}) == {"url": URL, "valueString": "merged"}
    assert apart.compose({"text": "active"}) is ABSENT
    assert heard(apart, {"url": URL, "valueString": "merged"}) == {"text": "merged"}
    assert heard(apart, {"url": URL, "valueString": "active"}) is None
    assert heard(apart, {"url": "urn:other", "valueString": "merged"}) is None


KIND = concept(t.short, one_of("urn:kinds", ("a", "b")), display={"a": "Kind A"})


def test_a_known_code_is_a_coding_and_any_other_text_only_text() -> None:
    assert KIND.compose({"short": "b"}) == {"coding": [{"system": "urn:kinds", "code": "b"}]}
    assert KIND.compose({"short": "a"}) == {"coding": [{"system": "urn:kinds", "code": "a", "display": "Kind A"}]}
    assert KIND.compose({"short": "A"}) == {"text": "A"}
    assert KIND.compose({"short": " "}) is ABSENT


def test_the_first_coding_that_reads_back_is_held() -> None:
    said = {"coding": [{"system": "urn:others", "code": "a"}, {"system": "urn:kinds", "code": "b"}, {"code": "a"}]}
    assert heard(KIND, said) == {"short": "b"}
    assert heard(KIND, {"coding": [{"system": "urn:others", "code": "a"}]}) is None


def test_a_concept_of_text_alone_is_held_by_it() -> None:
    assert heard(KIND, {"text": "odd"}) == {"short": "odd"}
    assert heard(KIND, {"text": "a"}) is None
    assert heard(KIND, {"text": "longer than five"}) is None
    assert heard(KIND, {"text": "odd", "coding": [{"code": "z"}]}) is None
    assert heard(concept(t.short, any_code("urn:x"), texts=False), {"text": "a  b"}) is None


def test_systems_are_tried_in_their_order() -> None:
    word = concept(t.text, one_of("urn:first", ("a",)), any_code("urn:second"))
    assert word.compose({"text": "a"})["coding"][0]["system"] == "urn:first"
    assert word.compose({"text": "z"})["coding"][0]["system"] == "urn:second"
    assert heard(word, {"coding": [{"system": "urn:second", "code": "a"}]}) is None


def test_a_searched_code_leads_to_the_column_only_in_its_own_system() -> None:
    first, second = concept(t.text, one_of("urn:first", ("a",)), any_code("urn:second")).search_columns("token")
    assert (first.stored("a"), first.stored("z")) == (("a",), ())
    assert (second.stored("a"), second.stored("z")) == ((), ("z",))


def test_the_word_for_a_code_is_said_with_the_code() -> None:
    marital = concept(t.text, one_of("urn:marital", ("M",)), aliases={"married": "M"})
    assert marital.compose({"text": "Married"}) == {
        "coding": [{"system": "urn:marital", "code": "M"}],
        "text": "Married",
    }
    assert heard(marital, {"coding": [{"system": "urn:marital", "code": "M"}]}) == {"text": "M"}
    assert heard(marital, {"text": "married"}) is None


SUBJECT = reference("Patient", t.text)


def test_a_reference_holds_a_local_id_of_its_type_only() -> None:
    assert SUBJECT.compose({"text": "p1"}) == {"reference": "Patient/p1"}
    assert heard(SUBJECT, {"reference": "Patient/p1", "display": "Jane"}) == {"text": "p1"}


@pytest.mark.parametrize(
    "said", ["Group/1", "Patient/1/_history/2", "#p", "http://x.example/Patient/1", "Patient/", None]
)
def test_any_other_reference_is_only_in_the_document(said: Any) -> None:
    assert heard(SUBJECT, {"reference": said}) is None


@pytest.mark.parametrize("held", ["a/b", "", "ä", "x" * 65])
def test_m_006_a_row_whose_id_fhir_does_not_allow_is_referred_to_by_its_logical_id(held: str) -> None:
    assert SUBJECT.compose({"text": held}) == {"reference": f"Patient/{minted_id(held)}"}
    assert heard(SUBJECT, {"reference": f"Patient/{held}"}) is None


def test_no_id_is_no_reference() -> None:
    assert SUBJECT.compose({"text": None}) is ABSENT
