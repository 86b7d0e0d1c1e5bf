"""Medicare contractors by place, the documents they want, and when to validate again."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from business.mac import (
    RECHECK_DOCUMENTS,
    STANDINGS,
    MacValidation,
    ab_mac,
    dme_mac,
    next_validation_due,
    required_documentation,
    required_documents,
    standing,
    state_code,
    state_of_zip,
)
from business.packaged import packaged
from business.statuses import status_map

DATA = packaged("mac_jurisdictions.json")
NOW = datetime(2025, 6, 1, tzinfo=UTC)
MET = MacValidation("1", "passed", True, True, NOW, NOW + timedelta(days=30))

# ZIP codes of well-known places, A/B jurisdiction for Part B, DME jurisdiction.
PLACES = [
    ("10001", "NY", "JK", "A"),
    ("00501", "NY", "JK", "A"),
    ("02101", "MA", "JK", "A"),
    ("05501", "MA", "JK", "A"),
    ("06390", "NY", "JK", "A"),
    ("19104", "PA", "JL", "A"),
    ("20001", "DC", "JL", "A"),
    ("21201", "MD", "JL", "A"),
    ("23219", "VA", "JM", "C"),
    ("22201", "VA", "JL", "C"),
    ("22314", "VA", "JL", "C"),
    ("22030", "VA", "JL", "C"),
    ("22046", "VA", "JL", "C"),
    ("20190", "VA", "JL", "C"),
    ("20147", "VA", "JM", "C"),
    ("22192", "VA", "JM", "C"),
    ("22026", "VA", "JM", "C"),
    ("22134", "VA", "JM", "C"),
    ("25301", "WV", "JM", "C"),
    ("27601", "NC", "JM", "C"),
    ("30303", "GA", "JJ", "C"),
    ("39901", "GA", "JJ", "C"),
    ("37201", "TN", "JJ", "C"),
    ("33101", "FL", "JN", "C"),
    ("00901", "PR", "JN", "C"),
    ("00801", "VI", "JN", "C"),
    ("40202", "KY", "J15", "B"),
    ("43215", "OH", "J15", "B"),
    ("46204", "IN", "J8", "B"),
    ("48201", "MI", "J8", "B"),
    ("60601", "IL", "J6", "B"),
    ("55401", "MN", "J6", "B"),
    ("53202", "WI", "J6", "B"),
    ("50309", "IA", "J5", "D"),
    ("63101", "MO", "J5", "D"),
    ("64105", "MO", "J5", "D"),
    ("66101", "KS", "J5", "D"),
    ("68102", "NE", "J5", "D"),
    ("70112", "LA", "JH", "C"),
    ("75201", "TX", "JH", "C"),
    ("75502", "AR", "JH", "C"),
    ("73301", "TX", "JH", "C"),
    ("73102", "OK", "JH", "C"),
    ("88510", "TX", "JH", "C"),
    ("87102", "NM", "JH", "C"),
    ("80202", "CO", "JH", "C"),
    ("39201", "MS", "JH", "C"),
    ("85004", "AZ", "JF", "D"),
    ("83414", "WY", "JF", "D"),
    ("83702", "ID", "JF", "D"),
    ("98101", "WA", "JF", "D"),
    ("99501", "AK", "JF", "D"),
    ("90001", "CA", "JE", "D"),
    ("89101", "NV", "JE", "D"),
    ("96813", "HI", "JE", "D"),
    ("96799", "AS", "JE", "D"),
    ("96910", "GU", "JE", "D"),
    ("96950", "MP", "JE", "D"),
]


@pytest.mark.parametrize(("zip_code", "state", "ab", "dme"), PLACES)
def test_a_zip_code_has_its_state_and_contractors(zip_code: str, state: str, ab: str, dme: str) -> None:
    assert state_of_zip(zip_code) == state
    assert ab_mac(zip_code=zip_code).jurisdiction == ab
    assert dme_mac(zip_code=zip_code).jurisdiction == dme


@pytest.mark.parametrize(
    ("state", "contractor"),
    [
        ("Kansas", "WPS Government Health Administrators"),
        ("ny", "National Government Services"),
        ("Ohio", "CGS Administrators"),
        ("CA", "Noridian Healthcare Solutions"),
        ("Texas", "Novitas Solutions"),
        ("North Carolina", "Palmetto GBA"),
        ("FL", "First Coast Service Options"),
    ],
)
def test_a_state_by_code_or_name_has_its_contractor(state: str, contractor: str) -> None:
    assert ab_mac(state).contractor == contractor


@pytest.mark.parametrize("kind", ["ab", "dme"])
def test_every_state_and_territory_belongs_to_exactly_one_jurisdiction(kind: str) -> None:
    counts = Counter(state for declared in DATA[kind].values() for state in declared["states"])
    assert set(counts) == set(DATA["states"])
    assert set(counts.values()) == {1}
    assert {declared["contractor"] for declared in DATA[kind].values()} <= set(DATA["contractors"])


def test_there_are_twelve_ab_and_four_dme_jurisdictions() -> None:
    assert sorted(DATA["ab"]) == sorted(["J5", "J6", "J8", "J15", "JE", "JF", "JH", "JJ", "JK", "JL", "JM", "JN"])
    assert sorted(DATA["dme"]) == ["A", "B", "C", "D"]


def test_no_zip_prefix_belongs_to_two_states_and_every_state_has_one() -> None:
    counts: Counter[int] = Counter()
    for ranges in DATA["zip_prefixes"].values():
        for span in ranges:
            low, _, high = span.partition("-")
            assert len(low) == 3
            counts.update(range(int(low), int(high or low) + 1))
    assert set(counts.values()) == {1}
    with_zips = {*DATA["zip_prefixes"], *DATA["zip_exceptions"].values()}
    assert with_zips == {*DATA["states"], *DATA["beyond"]}


def test_part_a_of_northern_virginia_stays_with_virginia() -> None:
    assert ab_mac(zip_code="22201", part="A").jurisdiction == "JM"


def test_virginia_without_a_zip_code_is_answered_but_not_for_certain() -> None:
    answer = ab_mac("VA")
    assert (answer.jurisdiction, answer.is_certain) == ("JM", False)
    assert "Arlington" in answer.notes[0]
    assert ab_mac("VA", part="A").is_certain
    assert ab_mac(zip_code="23219").is_certain


@pytest.mark.parametrize("zip_code", ["63101", "64105", "65201"])
def test_east_and_west_of_missouri_are_one(zip_code: str) -> None:
    answer = ab_mac("Missouri", zip_code)
    assert (answer.jurisdiction, answer.is_certain) == ("J5", True)
    assert answer.notes


@pytest.mark.parametrize("zip_code", ["09012", "34002", "96201", "96941", "96960"])
def test_places_without_a_contractor_have_none(zip_code: str) -> None:
    for answer in (ab_mac(zip_code=zip_code), dme_mac(zip_code=zip_code)):
        assert (answer.jurisdiction, answer.contractor) == (None, None)
        assert [problem.code for problem in answer.problems] == ["no-jurisdiction"]


@pytest.mark.parametrize("zip_code", ["1000", "100011", "ABCDE", "00000", "21300", "١٢٣٤٥", "10001-12"])
def test_what_is_no_zip_code_has_no_state(zip_code: str) -> None:
    assert state_of_zip(zip_code) is None
    assert [problem.code for problem in ab_mac(zip_code=zip_code).problems] == ["zip-unknown"]


@pytest.mark.parametrize("zip_code", ["10001-1234", " 10001 ", "100011234", "10001 1234"])
def test_the_last_four_digits_and_blanks_do_not_matter(zip_code: str) -> None:
    assert state_of_zip(zip_code) == "NY"


def test_where_state_and_zip_code_contradict_each_other_the_zip_code_decides() -> None:
    answer = ab_mac("TX", "10001")
    assert (answer.jurisdiction, answer.is_certain) == ("JK", False)
    assert answer.notes


def test_a_good_state_is_used_where_the_zip_code_is_none_but_not_for_certain() -> None:
    answer = dme_mac("TX", "banana")
    assert (answer.jurisdiction, answer.is_certain, answer.problems) == ("C", False, ())


def test_without_a_place_there_is_a_problem() -> None:
    assert [problem.code for problem in dme_mac().problems] == ["place-missing"]
    assert [problem.code for problem in ab_mac("Atlantis").problems] == ["state-unknown"]


def test_there_is_no_part_but_a_and_b() -> None:
    with pytest.raises(ValueError, match="D"):
        ab_mac("TX", part="D")


def test_names_of_states_are_found_in_any_case() -> None:
    assert state_code(" new  york ") == "NY"
    assert state_code("D.C.") == "DC"
    assert state_code("") is None


@given(st.text(max_size=12) | st.none(), st.text(max_size=12) | st.none())
def test_any_text_gives_an_answer_or_a_problem(state: str | None, zip_code: str | None) -> None:
    for answer in (ab_mac(state, zip_code), dme_mac(state, zip_code)):
        assert (answer.jurisdiction is None) == bool(answer.problems)


@given(st.integers(0, 99999).map("{:05}".format))
def test_every_zip_code_of_a_state_has_a_contractor_of_that_state_or_of_its_carve_out(zip_code: str) -> None:
    state = state_of_zip(zip_code)
    if state in DATA["states"]:
        answer = ab_mac(state, zip_code)
        assert answer.is_certain
        assert answer.jurisdiction is not None
        assert state in DATA["ab"][answer.jurisdiction]["states"] or (state, answer.jurisdiction) == ("VA", "JL")


@pytest.mark.parametrize(
    ("hcpcs", "family", "contractor"),
    [
        ("E2402", "negative-pressure", "dme"),
        ("a6550 ", "negative-pressure", "dme"),
        ("Q4101", "skin-substitutes", "ab"),
        ("Q4186", "skin-substitutes", "ab"),
        ("A2001", "skin-substitutes", "ab"),
        ("A6021", "dressings", "dme"),
        ("A6212", "dressings", "dme"),
        ("A6545", "dressings", "dme"),
        ("E0181", "other-equipment", "dme"),
    ],
)
def test_a_hcpcs_code_tells_the_family_of_the_product(hcpcs: str, family: str, contractor: str) -> None:
    requirement = required_documentation(hcpcs)
    assert requirement is not None
    assert (requirement.family, requirement.contractor) == (family, contractor)
    assert requirement.documents


@pytest.mark.parametrize("hcpcs", [None, "", "15271", "Q4001", "G0277", "not a code"])
def test_other_codes_tell_no_family(hcpcs: str | None) -> None:
    assert required_documentation(hcpcs) is None


def test_local_policies_depend_on_the_jurisdiction() -> None:
    policies = {each: required_documentation("Q4101", each) for each in ("JH", "JN", "J15", "JK", None)}
    found = {each: requirement.policies for each, requirement in policies.items() if requirement}
    assert found == {"JH": ("L35041",), "JN": ("L36377",), "J15": ("L36690",), "JK": (), None: ()}


def test_documents_of_several_products_are_wanted_once() -> None:
    found = [required_documentation(code) for code in ("E2402", "A6212")]
    codes = [document.code for document in required_documents(each for each in found if each)]
    assert len(codes) == len(set(codes))
    assert {"wound-program", "dressing-need", "order"} <= set(codes)


def test_the_families_name_documents_that_exist_and_ranges_that_are_ranges() -> None:
    for family in DATA["families"].values():
        assert set(family["documents"]) <= set(DATA["documents"])
        for low, high in family["codes"]:
            assert re.fullmatch(r"[A-Z]\d{4}", low)
            assert low <= high
            assert low[0] == high[0]
        assert set(family["policies"]) <= {"*", *DATA["ab"]}


def test_the_data_says_where_it_is_from_and_of_when() -> None:
    assert datetime.fromisoformat(DATA["as_of"])
    assert all(source["url"].startswith("https://") and source["date"] for source in DATA["sources"])


def test_the_standings_cover_exactly_the_texts_of_the_status_map() -> None:
    assert set(STANDINGS) == set(status_map("mac-validation").codes)


@pytest.mark.parametrize(
    ("status", "met", "expected"),
    [
        ("Passed", None, "met"),
        ("passed", False, "unknown"),
        ("denied", True, "unknown"),
        (None, True, "met"),
        (None, False, "not-met"),
        (None, None, "unknown"),
        ("probably", True, "unknown"),
        ("probably", False, "not-met"),
        ("needs documentation", None, "needs-documents"),
        ("expired", True, "expired"),
    ],
)
def test_a_validation_stands_as_text_and_flag_agree(status: str | None, met: bool | None, expected: str) -> None:
    assert standing(replace(MET, status=status, coverage_met=met), NOW) == expected


def test_a_validation_is_expired_once_the_next_one_is_due() -> None:
    assert standing(MET, NOW + timedelta(days=30)) == "expired"
    assert standing(MET, NOW + timedelta(days=29)) == "met"


def test_what_was_met_is_due_after_the_shortest_interval_or_when_the_authorization_ends() -> None:
    both = [each for each in map(required_documentation, ("Q4101", "E2402")) if each]
    assert next_validation_due(MET, both) == NOW + timedelta(days=30)
    assert next_validation_due(MET, both[:1]) == NOW + timedelta(days=84)
    assert next_validation_due(MET, both, NOW + timedelta(days=3)) == NOW + timedelta(days=3)
    assert next_validation_due(MET, both, NOW - timedelta(days=3)) == NOW


@pytest.mark.parametrize("status", ["needs_documentation", "incomplete", "error", "timeout", "pending"])
def test_what_waits_is_looked_at_again_soon(status: str) -> None:
    assert next_validation_due(replace(MET, status=status, coverage_met=None), []) == NOW + RECHECK_DOCUMENTS


def test_what_was_not_met_has_no_date_and_neither_has_what_was_never_done() -> None:
    npwt = [each for each in [required_documentation("E2402")] if each]
    assert next_validation_due(replace(MET, status="denied", coverage_met=False), npwt) is None
    assert next_validation_due(replace(MET, validated_at=None), npwt) is None
    assert next_validation_due(MET, []) is None
