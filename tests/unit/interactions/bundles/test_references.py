from __future__ import annotations

import time
from typing import Any

import pytest

from fhir_server.interactions.bundles.references import (
    Occurrence,
    Targets,
    collect,
    conditional_references,
    rewrite,
    unresolved_urns,
)

URN = "urn:uuid:5f0d1a52-0000-4000-8000-000000000001"
TARGETS = Targets({URN: "Patient/1", "http://x.org/fhir/Patient/7": "Patient/8", "Patient?identifier=a|b": "Patient/9"})


def resource(resource_type: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": resource_type, **members}


@pytest.mark.parametrize(
    ("link", "becomes"),
    [
        (URN, "Patient/1"),
        (URN + "#part", "Patient/1#part"),
        ("http://x.org/fhir/Patient/7", "Patient/8"),
        ("Patient?identifier=a|b", "Patient/9"),
        ("http://x.org/fhir/Patient/7/_history/1", "http://x.org/fhir/Patient/7/_history/1"),
        ("http://x.org/fhir/Patient/77", "http://x.org/fhir/Patient/77"),
        (URN + "x", URN + "x"),
        ("#p", "#p"),
        ("Patient/7", "Patient/7"),
    ],
)
def test_a_reference_to_an_entry_becomes_what_the_entry_became(link: str, becomes: str) -> None:
    tree = resource("Observation", subject={"reference": link, "display": link})
    assert rewrite(tree, TARGETS)["subject"] == {"reference": becomes, "display": link}


@pytest.mark.parametrize(
    ("tree", "changed"),
    [
        (
            resource("DocumentReference", content=[{"attachment": {"url": URN}}]),
            resource("DocumentReference", content=[{"attachment": {"url": "Patient/1"}}]),
        ),
        (
            resource("Patient", extension=[{"url": "u", "valueReference": {"reference": URN}}]),
            resource("Patient", extension=[{"url": "u", "valueReference": {"reference": "Patient/1"}}]),
        ),
        (
            resource("Patient", extension=[{"url": "u", "extension": [{"url": "v", "valueUri": URN}]}]),
            resource("Patient", extension=[{"url": "u", "extension": [{"url": "v", "valueUri": "Patient/1"}]}]),
        ),
        (
            resource("Patient", extension=[{"url": "u", "valueUuid": URN}, {"url": "u", "valueOid": URN}]),
            resource(
                "Patient", extension=[{"url": "u", "valueUuid": "Patient/1"}, {"url": "u", "valueOid": "Patient/1"}]
            ),
        ),
        (
            resource("Patient", _birthDate={"extension": [{"url": "u", "valueUrl": URN}]}),
            resource("Patient", _birthDate={"extension": [{"url": "u", "valueUrl": "Patient/1"}]}),
        ),
        (
            resource("Patient", name=[{"_given": [None, {"extension": [{"url": "u", "valueUrl": URN}]}]}]),
            resource("Patient", name=[{"_given": [None, {"extension": [{"url": "u", "valueUrl": "Patient/1"}]}]}]),
        ),
        (
            resource("Basic", contained=[resource("Observation", id="o", subject={"reference": URN})]),
            resource("Basic", contained=[resource("Observation", id="o", subject={"reference": "Patient/1"})]),
        ),
        (
            resource("Observation", component=[{"extension": [{"url": "u", "valueUri": URN}]}]),
            resource("Observation", component=[{"extension": [{"url": "u", "valueUri": "Patient/1"}]}]),
        ),
        (
            resource("Provenance", policy=["http://x.org", URN], target=[{"reference": URN}]),
            resource("Provenance", policy=["http://x.org", "Patient/1"], target=[{"reference": "Patient/1"}]),
        ),
        (
            resource("Questionnaire", item=[{"item": [{"item": [{"definition": URN}]}]}]),
            resource("Questionnaire", item=[{"item": [{"item": [{"definition": "Patient/1"}]}]}]),
        ),
        (
            resource("Claim", item=[{"detail": [{"udi": [{"reference": URN}]}]}]),
            resource("Claim", item=[{"detail": [{"udi": [{"reference": "Patient/1"}]}]}]),
        ),
        (
            resource("Observation", subject={"type": URN, "identifier": {"system": URN, "value": URN}}),
            resource("Observation", subject={"type": "Patient/1", "identifier": {"system": "Patient/1", "value": URN}}),
        ),
        (
            resource(
                "Parameters", parameter=[{"name": "x", "part": [{"name": "y", "valueReference": {"reference": URN}}]}]
            ),
            resource(
                "Parameters",
                parameter=[{"name": "x", "part": [{"name": "y", "valueReference": {"reference": "Patient/1"}}]}],
            ),
        ),
    ],
)
def test_links_are_replaced_wherever_they_stand(tree: Any, changed: Any) -> None:
    assert rewrite(tree, TARGETS) == changed


@pytest.mark.parametrize(
    "tree",
    [
        resource("Patient", meta={"profile": [URN]}),
        resource("QuestionnaireResponse", questionnaire=URN),
        resource("ServiceRequest", instantiatesCanonical=[URN]),
        resource("Patient", extension=[{"url": "u", "valueCanonical": URN}]),
        resource("ConceptMap", group=[{"unmapped": {"url": URN}}]),
        resource("Observation", valueString=URN, note=[{"text": URN}], identifier=[{"value": URN}]),
        resource(
            "Patient", id=URN, colour=URN, extension=[{"url": "u", "valueCode": URN}, {"url": "u", "valueId": URN}]
        ),
        resource("Bundle", entry=[{"fullUrl": URN, "resource": resource("Observation", subject={"reference": URN})}]),
        resource("Unknown", subject={"reference": URN}),
        {"subject": {"reference": URN}},
    ],
)
def test_what_is_no_link_stays(tree: Any) -> None:
    assert rewrite(tree, TARGETS) is tree


def test_only_what_changes_is_copied() -> None:
    tree = resource("Observation", code={"text": "c"}, subject={"reference": URN}, performer=[{"reference": "Group/1"}])
    changed = rewrite(tree, TARGETS)
    assert tree["subject"] == {"reference": URN}
    assert changed["code"] is tree["code"]
    assert changed["performer"] is tree["performer"]
    assert list(changed) == list(tree)


def test_a_relative_link_means_the_entry_at_the_same_base() -> None:
    tree = resource("Observation", subject={"reference": "Patient/7"}, focus=[{"reference": "Patient/7#x"}])
    here = rewrite(tree, TARGETS, "http://x.org/fhir/Observation/1")
    assert here["subject"] == {"reference": "Patient/8"}
    assert here["focus"] == [{"reference": "Patient/8#x"}]
    for elsewhere in (None, URN, "http://other.org/fhir/Observation/1", "http://x.org/Observation/1"):
        assert rewrite(tree, TARGETS, elsewhere) is tree


def narrative(div: str) -> dict[str, Any]:
    return resource("Patient", text={"status": "generated", "div": div})


@pytest.mark.parametrize(
    ("div", "becomes"),
    [
        (f'<div><a href="{URN}">x</a></div>', '<div><a href="Patient/1">x</a></div>'),
        (f"<div><a href='{URN}#f'>x</a></div>", "<div><a href='Patient/1#f'>x</a></div>"),
        (f'<div><img alt="a" src = "{URN}"/></div>', '<div><img alt="a" src = "Patient/1"/></div>'),
        (f'<div><a\n class="k"\n href="{URN}" >x</a></div>', '<div><a\n class="k"\n href="Patient/1" >x</a></div>'),
        (f'<a href="{URN}"/><a href="{URN}"/>', '<a href="Patient/1"/><a href="Patient/1"/>'),
        (f'<div>{URN} &lt;a href="{URN}"&gt;</div>', None),
        (f'<div><p title="{URN}" href="{URN}">x</p></div>', None),
        (f'<div><a title=" href=&quot;{URN}&quot;" name="{URN}">x</a></div>', None),
        (f"""<div><a title=' href="{URN}"'>x</a></div>""", None),
        (f'<div><a src="{URN}">x</a><img href="{URN}"/></div>', None),
        (f'<div><!-- <a href="{URN}"> --></div>', None),
        (f'<div><![CDATA[<a href="{URN}">]]></div>', None),
        (f'<div><abbr href="{URN}">x</abbr></div>', None),
        (f'<div><a data-href="{URN}" href="http://x.org">x</a></div>', None),
        (f'<div><a href="{URN}', None),
    ],
)
def test_links_in_the_narrative_are_replaced_in_their_attributes_only(div: str, becomes: str | None) -> None:
    assert rewrite(narrative(div), TARGETS)["text"]["div"] == (div if becomes is None else becomes)


def test_the_narrative_of_a_section_is_rewritten_too() -> None:
    tree = resource("Composition", section=[{"section": [{"text": {"div": f'<div><a href="{URN}">x</a></div>'}}]}])
    assert URN not in str(rewrite(tree, TARGETS))


def test_an_escaped_link_in_the_narrative_is_recognised() -> None:
    targets = Targets({"http://x.org/a?b&c": "Patient/1"})
    assert rewrite(narrative('<a href="http://x.org/a?b&amp;c"/>'), targets)["text"]["div"] == '<a href="Patient/1"/>'


@pytest.mark.parametrize(
    "piece", ["<!--", "<![CDATA[", "<a ", '<a href="', "<a href='", "<a\t", '<a x="" ', "<img src", '"']
)
def test_hostile_markup_costs_no_more_than_its_length(piece: str) -> None:
    div = "href" + piece * (400_000 // len(piece))
    started = time.process_time()
    rewrite(narrative(div), TARGETS)
    assert time.process_time() - started < 2


TREE = resource(
    "Observation",
    subject={"reference": URN},
    performer=[{"reference": "Practitioner?identifier=a|b"}, {"reference": "Practitioner/1"}],
    contained=[resource("Patient", id="p", link=[{"other": {"reference": "urn:oid:1.2.3"}}])],
    _status={"extension": [{"url": "u", "valueReference": {"reference": "#p"}}]},
    extension=[{"url": "u", "valueUri": URN}],
)


def test_references_are_collected_with_their_paths() -> None:
    assert collect(TREE) == (
        Occurrence("Observation.subject.reference", URN),
        Occurrence("Observation.performer[0].reference", "Practitioner?identifier=a|b"),
        Occurrence("Observation.performer[1].reference", "Practitioner/1"),
        Occurrence("Observation.contained[0].link[0].other.reference", "urn:oid:1.2.3"),
        Occurrence("Observation.status.extension[0].valueReference.reference", "#p"),
    )


def test_urns_that_no_entry_has_are_found() -> None:
    assert unresolved_urns(rewrite(TREE, TARGETS)) == ("Observation.contained[0].link[0].other.reference",)
    assert unresolved_urns(resource("Bundle", entry=[{"resource": TREE}])) == ()


@pytest.mark.parametrize(
    "value", ["http://x.org/Patient?identifier=a", "Patient/1?x=y", "patient?x=y", "Patient?", "?x=y"]
)
def test_only_a_type_and_criteria_are_a_conditional_reference(value: str) -> None:
    assert conditional_references(resource("Observation", subject={"reference": value})) == ()


def test_conditional_references_are_found_and_resolved_by_their_text() -> None:
    assert conditional_references(TREE) == (
        Occurrence("Observation.performer[0].reference", "Practitioner?identifier=a|b"),
    )
    changed = rewrite(TREE, Targets({"Practitioner?identifier=a|b": "Practitioner/5"}))
    assert changed["performer"] == [{"reference": "Practitioner/5"}, {"reference": "Practitioner/1"}]
