from __future__ import annotations

import copy
from typing import Any

from fhir_server.mapping.merge import merge
from fhir_server.mapping.trees import Atomic, Defaulted, Slots

CHOICES = {
    "deceasedBoolean": "deceased[x]",
    "deceasedDateTime": "deceased[x]",
    "valueString": "value[x]",
    "reason": "value[x]",
}
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
EXTENSION = {"url": "urn:client", "valueString": "x"}


def merged(base: dict[str, Any], theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy((base, theirs, ours))
    made = merge(base, theirs, ours, CHOICES)
    assert (base, theirs, ours) == before
    return made


def phone(value: str) -> dict[str, Any]:
    return {"system": "phone", "value": value}


def test_without_a_difference_the_document_stays_to_the_letter() -> None:
    ours = {"name": "said otherwise", "extra": [1, 2]}
    assert merged({"name": "a"}, {"name": "a"}, ours) == ours


def test_id_and_meta_are_not_the_portals() -> None:
    assert merged({"id": "a"}, {"id": "b", "meta": {}}, {"id": "c"}) == {"id": "c"}


def test_a_new_a_changed_and_a_cleared_value_are_carried_over() -> None:
    base, theirs = {"a": 1, "b": 1}, {"a": 2, "c": 3}
    assert merged(base, theirs, {"a": 1, "b": 1, "z": 9}) == {"a": 2, "c": 3, "z": 9}


def test_a_changed_phone_replaces_that_entry_and_keeps_what_the_client_said_of_it() -> None:
    ours = {"telecom": [{"system": "fax", "value": "9"}, {**phone("1"), "use": "home", "rank": 1}, phone("2")]}
    base, theirs = {"telecom": Slots([("0", phone("1"))])}, {"telecom": Slots([("0", phone("3"))])}
    assert merged(base, theirs, ours) == {
        "telecom": [{"system": "fax", "value": "9"}, {**phone("3"), "use": "home", "rank": 1}, phone("2")]
    }


def test_a_cleared_column_removes_just_its_entry() -> None:
    ours = {"telecom": [phone("2"), {**phone("1"), "use": "home"}]}
    assert merged({"telecom": Slots([("0", phone("1"))])}, {}, ours) == {"telecom": [phone("2")]}
    assert merged({"telecom": Slots([("0", phone("1"))])}, {}, {"telecom": [phone("1")]}) == {}


def test_what_the_document_says_twice_goes_with_its_entry() -> None:
    ours = {"telecom": [phone("1"), {**phone("1"), "use": "home"}, phone("2")]}
    assert merged({"telecom": Slots([("0", phone("1"))])}, {}, ours) == {"telecom": [phone("2")]}


def test_a_new_entry_joins_those_of_the_client() -> None:
    ours = {"telecom": [phone("2")]}
    assert merged({}, {"telecom": Slots([("0", phone("1"))])}, ours) == {"telecom": [phone("2"), phone("1")]}


def test_what_the_portal_adds_and_the_client_has_said_already_is_not_said_twice() -> None:
    ours = {"telecom": [{**phone("1"), "use": "home"}]}
    assert merged({}, {"telecom": Slots([("0", phone("1"))])}, ours) == ours


def test_an_entry_said_with_other_defaults_is_still_that_entry() -> None:
    def entry(value: str) -> Defaulted:
        return Defaulted({**phone(value), "use": "work"}, frozenset({"use"}))

    base, theirs = {"telecom": Slots([("0", entry("1"))])}, {"telecom": Slots([("0", entry("2"))])}
    assert merged(base, theirs, {"telecom": [{**phone("1"), "use": "mobile"}]}) == {
        "telecom": [{**phone("2"), "use": "mobile"}]
    }
    assert merged(base, theirs, {"telecom": [phone("1")]}) == {"telecom": [phone("2")]}


def test_a_changed_code_replaces_the_whole_concept() -> None:
    base = {"code": Atomic(coding=[{"system": "urn:x", "code": "a"}])}
    theirs = {"code": Atomic(coding=[{"system": "urn:x", "code": "b"}])}
    ours = {"code": {"coding": [{"system": "urn:x", "code": "a", "display": "A"}, {"code": "local"}], "text": "an A"}}
    assert merged(base, theirs, ours) == {"code": {"coding": [{"system": "urn:x", "code": "b"}]}}


def test_a_death_taken_back_removes_it_however_it_was_said() -> None:
    for ours in (
        {"deceasedDateTime": "2024-03"},
        {"deceasedBoolean": True},
        {"deceasedBoolean": True, "_deceasedBoolean": {"extension": [EXTENSION]}},
    ):
        assert merged({"deceasedBoolean": True}, {}, {"name": "x", **ours}) == {"name": "x"}


def test_a_choice_said_anew_replaces_every_other_form() -> None:
    base, theirs = {"deceasedBoolean": True}, {"deceasedDateTime": "2024-03-01T00:00:00Z"}
    assert merged(base, theirs, {"deceasedDateTime": "2024", "_deceasedDateTime": {"extension": [EXTENSION]}}) == theirs


def test_a_value_excludes_the_reason_why_there_was_none() -> None:
    assert merged({}, {"valueString": "x"}, {"reason": {"text": "masked"}}) == {"valueString": "x"}


def test_a_member_of_an_object_changes_alone() -> None:
    base = {"address": Slots([("0", {"city": "X", "state": "A"})])}
    theirs = {"address": Slots([("0", {"city": "Y", "state": "A"})])}
    ours = {"address": [{"city": "X", "state": "A", "use": "work", "extension": [EXTENSION]}]}
    assert merged(base, theirs, ours) == {
        "address": [{"city": "Y", "state": "A", "use": "work", "extension": [EXTENSION]}]
    }


def test_the_text_of_an_address_that_has_changed_would_be_the_old_one() -> None:
    base, theirs = {"address": Slots([("0", {"city": "X"})])}, {"address": Slots([("0", {"city": "Y"})])}
    ours = {"address": [{"city": "X", "text": "1 Main St, X"}]}
    assert merged(base, theirs, ours) == {"address": [{"city": "Y"}]}


def test_a_text_that_the_row_itself_says_is_the_rows_concern() -> None:
    base = {"name": Slots([("#0", {"family": "A", "text": "Ann A"})])}
    theirs = {"name": Slots([("#0", {"family": "B", "text": "Ann A"})])}
    assert merged(base, theirs, {"name": [{"family": "A", "text": "Ann A"}]}) == {
        "name": [{"family": "B", "text": "Ann A"}]
    }


def test_a_generated_narrative_goes_with_the_data_it_was_made_from_and_one_by_hand_stays() -> None:
    for status, kept in (("generated", False), ("extensions", False), ("additional", True), ("empty", True)):
        ours = {"text": {"status": status, "div": "<div/>"}, "a": 1}
        assert ("text" in merged({"a": 1}, {"a": 2}, ours)) is kept
        assert "text" in merged({"a": 1}, {"a": 1}, ours)


def said_with(*urls: str) -> dict[str, Any]:
    return {"extension": Slots([(url, {"url": url}) for url in urls])}


def test_extensions_beside_a_value_come_and_go_one_by_one() -> None:
    ours = {"status": "a", "_status": {"id": "s", "extension": [EXTENSION, {"url": "urn:source"}]}}
    base, theirs = {"status": "a", "_status": said_with("urn:source")}, {"status": "b"}
    assert merged(base, theirs, ours) == {"status": "b", "_status": {"id": "s", "extension": [EXTENSION]}}
    assert merged({"status": "a"}, {"status": "a", "_status": said_with("urn:new")}, ours)["_status"] == {
        "id": "s",
        "extension": [EXTENSION, {"url": "urn:source"}, {"url": "urn:new"}],
    }


def test_a_value_that_is_there_now_is_not_missing_for_a_reason() -> None:
    ours = {"_gender": {"extension": [{"url": DATA_ABSENT, "valueCode": "masked"}]}}
    assert merged({"_gender": said_with(DATA_ABSENT)}, {"gender": "male"}, ours) == {"gender": "male"}
    assert merged({}, {"gender": "male"}, ours) == {"gender": "male"}


def test_a_value_that_is_gone_takes_its_extensions_with_it() -> None:
    ours = {"birthDate": "1980-01-01", "_birthDate": {"extension": [EXTENSION]}}
    assert merged({"birthDate": "1980-01-01"}, {}, ours) == {}


def given(*names: str) -> dict[str, Any]:
    return {"given": Slots([(f"#{place}", name) for place, name in enumerate(names)])}


def test_extensions_beside_the_texts_of_an_array_stay_with_their_text() -> None:
    ours = {"given": ["Ann", "Bea"], "_given": [{"extension": [EXTENSION]}, None]}
    assert merged(given("Ann", "Bea"), given("Ann"), ours) == {"given": ["Ann"], "_given": [{"extension": [EXTENSION]}]}
    assert merged(given("Ann", "Bea"), given("Bea"), ours) == {"given": ["Bea"]}
    assert merged(given("Ann", "Bea"), given("Bea", "Ann"), ours) == {
        "given": ["Bea", "Ann"],
        "_given": [None, {"extension": [EXTENSION]}],
    }
    assert merged(given("Ann", "Bea"), given("Eve", "Bea"), ours) == {"given": ["Eve", "Bea"]}


def test_the_texts_of_an_array_have_the_order_of_the_portal() -> None:
    assert merged(given("A", "B"), given("B", "C", "A"), {"given": ["A", "B"]}) == {"given": ["B", "C", "A"]}


def names(*said: dict[str, Any]) -> dict[str, Any]:
    return {"name": Slots([(f"#{place}", one) for place, one in enumerate(said)])}


def test_a_removed_first_row_does_not_make_the_second_one_look_changed() -> None:
    first, second = {"use": "old", "family": "A"}, {"use": "official", "family": "B"}
    ours = {"name": [{**first, "extension": [EXTENSION]}, {**second, "period": {"start": "2020"}}]}
    assert merged(names(first, second), names(second), ours) == {"name": [{**second, "period": {"start": "2020"}}]}


def test_a_corrected_row_is_known_by_what_it_still_says() -> None:
    first, second = {"use": "old", "family": "A"}, {"use": "official", "family": "B"}
    ours = {"name": [{**first, "x": 1}, {**second, "y": 2}]}
    theirs = names({"use": "official", "family": "C"}, first)
    assert merged(names(first, second), theirs, ours) == {
        "name": [{"use": "official", "family": "C", "y": 2}, {**first, "x": 1}]
    }


def test_rows_with_keys_are_known_by_them() -> None:
    def rows(*pairs: tuple[str, str]) -> dict[str, Any]:
        return {"name": Slots([(f"0/{key}", {"family": family}) for key, family in pairs])}

    ours = {"name": [{"family": "A", "x": 1}, {"family": "B", "y": 2}]}
    assert merged(rows(("1", "A"), ("2", "B")), rows(("2", "A"), ("1", "C")), ours) == {
        "name": [{"family": "A", "y": 2}, {"family": "C", "x": 1}]
    }


def test_new_rows_follow_the_one_that_they_follow_in_the_table() -> None:
    a, b, extra, new = ({"family": family} for family in ("A", "B", "X", "N"))
    ours = {"name": [a, extra, b]}
    assert merged(names(a, b), names(a, new, b), ours) == {"name": [a, new, extra, b]}


def test_an_extension_said_with_more_parts_is_still_the_one_of_its_url() -> None:
    base = {
        "extension": Slots(
            [("0", Atomic(url="urn:race", extension=[{"url": "text", "valueString": "white"}, {"url": "code"}]))]
        )
    }
    ours = {"extension": [{"url": "urn:race", "extension": [{"url": "text", "valueString": "white"}]}, EXTENSION]}
    assert merged(base, {}, ours) == {"extension": [EXTENSION]}


def test_times_written_with_another_offset_are_still_found() -> None:
    base = names({"family": "A", "period": Atomic(start="2024-03-11T04:30:00Z")})
    theirs = names({"family": "B", "period": Atomic(start="2024-03-11T04:30:00Z")})
    ours = {"name": [{"family": "A", "period": {"start": "2024-03-11T10:30:00+06:00"}}, {"family": "Z"}]}
    assert merged(base, theirs, ours)["name"][0] == {"family": "B", "period": {"start": "2024-03-11T10:30:00+06:00"}}
