"""Typical searches over a crowd: what US Core asks servers for, internal services, chains, includes, sorts.

https://hl7.org/fhir/us/core/STU6.1/CapabilityStatement-us-core-server.html
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.crowd import RARE_CODE

LOINC, SNOMED = "http://loinc.org|", "http://snomed.info/sct|"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category|"


@dataclass(frozen=True, slots=True)
class Query:
    """One search; `type` None is the whole system. `{p}` is a patient's number, `{e}` an encounter's.

    `counts` means that its answer is a number of matches, which takes as long as there are matches.
    """

    name: str
    type: str | None
    text: str
    counts: bool = False

    def filled(self, number: int) -> str:
        """The query string for one of the patients."""
        return self.text.replace("{p}", str(number)).replace("{e}", str(number))


def _of(kind: str | None, **queries: str) -> tuple[Query, ...]:
    prefix = "System" if kind is None else kind
    return tuple(Query(f"{prefix} {name.replace('_', ' ')}", kind, text) for name, text in queries.items())


OBSERVATIONS = _of(
    "Observation",
    patient_category="patient=Patient/p-{p}&category=laboratory",
    patient_category_date="patient=p-{p}&category=vital-signs&date=ge2021&date=le2022",
    patient_code=f"patient=p-{{p}}&code={LOINC}39125-0",
    patient_codes=f"patient=p-{{p}}&code={LOINC}39125-0,{LOINC}8867-4,{LOINC}8310-5",
    patient_code_date=f"patient=p-{{p}}&code={LOINC}39126-8&date=ge2021-01-01&_sort=-date",
    patient_category_status="patient=p-{p}&category=laboratory&status=final",
    patient_newest="patient=p-{p}&_sort=-date&_count=50",
    patient_newest_of_code=f"patient=p-{{p}}&code={LOINC}39126-8&_sort=-date&_count=1",
    patients_newest="patient=p-{p},p-1,p-2,p-3&_sort=-date",
    patient_oldest="subject=Patient/p-{p}&_sort=date&_count=10",
    code_newest=f"code={LOINC}39125-0&_sort=-date&_count=20",
    codes_newest=f"code={LOINC}39125-0,{LOINC}8867-4&_sort=-date&_count=20",
    code_of_rows_only="code=local-35&_sort=-date&_count=20",
    rare_code=f"code={RARE_CODE}&_count=20",
    code="code=8867-4&_count=20",
    category_date="category=vital-signs&date=ge2020&_count=10",
    category_newest=f"category={_CATEGORY}laboratory&_sort=-date&_count=10",
    week="date=ge2022-03-01&date=lt2022-03-08&_sort=-date",
    week_unsorted="date=ge2022-03-01&date=lt2022-03-08",
    day="date=2022-03-01&_sort=date",
    future="date=gt2035&_sort=-date",
    code_and_day=f"code={LOINC}8867-4&date=2022-03-01",
    status_rare="status=amended&_count=20",
    status_never="status=cancelled&_count=20",
    status_newest="status=preliminary&_sort=-date&_count=20",
    status_not="status:not=final&_count=20",
    code_value="code=39126-8&value-quantity=gt299&_count=20",
    code_value_unit=f"code={LOINC}39126-8&value-quantity=gt290|http://unitsofmeasure.org|cm&_sort=-date&_count=20",
    code_value_composite=f"code-value-quantity={LOINC}39126-8$gt299&_count=20",
    patient_value="patient=p-{p}&value-quantity=gt200",
    last_updated="_lastUpdated=gt2024-01-01T00:10:00Z&_count=100",
    last_updated_newest="_sort=-_lastUpdated&_count=20",
    all_newest="_sort=-date&_count=20",
    all_="_count=20",
    id_="_id=po-{p},fo-{p}",
    tag="_tag=http://clinic.example/tags|imported&_count=20",
    profile="_profile=http://hl7.org/fhir/StructureDefinition/vitalsigns&_count=20",
    performer="performer=Practitioner/doc-{p}&_sort=-date&_count=20",
    encounter="encounter=Encounter/enc-{e}",
    chain_family="subject:Patient.family=Brandtova&_count=20",
    chain_identifier="patient.identifier=http://clinic.example/mrn|MRN-{p}&_sort=-date&_count=20",
    chain_and_code=f"patient.family=Brandtova&code={LOINC}39125-0&_sort=-date&_count=20",
    chain_of_two="patient.organization.name=Clinic Brandt&_count=20",
    chain_practitioner="performer:Practitioner.identifier=1000000003&_count=20",
    include="patient=p-{p}&_sort=-date&_include=Observation:patient&_include=Observation:performer",
    include_of_code=f"code={LOINC}39125-0&_sort=-date&_count=20&_include=Observation:patient",
    missing="patient=p-{p}&performer:missing=true",
    note="value-string=note 77&_count=20",
)
PATIENTS = _of(
    "Patient",
    id_="_id=p-{p}",
    identifier="identifier=http://clinic.example/mrn|MRN-{p}",
    identifier_alone="identifier=MRN-{p}",
    name="name=brandt&_count=20",
    name_sorted="name=brandt&_sort=family&_count=20",
    name_gender="name=adlers&gender=female",
    name_birthdate="name=ferr&birthdate=1950-03-08",
    family_gender="family=Haddad&gender=male&_count=20",
    family_birthdate="family=Göbelstein&birthdate=ge1940",
    given="given=clara&_count=20",
    birthdate="birthdate=1950-03-08",
    birthdate_range="birthdate=ge1950&birthdate=lt1951&_sort=birthdate&_count=20",
    gender="gender=female&_count=20",
    phone="phone=555-0000{p}",
    organization="organization=Organization/org-3&_count=20",
    practitioner="general-practitioner=Practitioner/doc-7&_count=20",
    has_code=f"_has:Observation:patient:code={RARE_CODE}&_count=20",
    has_code_date=f"_has:Observation:patient:code={RARE_CODE}&name=brandt&_count=20",
    has_condition=f"_has:Condition:patient:code={SNOMED}13954003&_count=20",
    revinclude="_id=p-{p}&_revinclude=Observation:patient",
    revinclude_page="name=brandt&_count=5&_revinclude=Condition:patient",
    last_updated="_lastUpdated=ge2024&_sort=-_lastUpdated&_count=20",
    all_sorted_by_family="_sort=family&_count=20",
)
CLINICAL = (
    *_of(
        "Condition",
        patient="patient=p-{p}",
        patient_category="patient=p-{p}&category=problem-list-item",
        patient_status="patient=p-{p}&clinical-status=active",
        patient_code=f"patient=p-{{p}}&code={SNOMED}13954003",
        patient_onset="patient=p-{p}&onset-date=ge2021",
        patient_encounter="patient=p-{p}&category=problem-list-item&encounter=Encounter/enc-{e}",
        code=f"code={SNOMED}13954003&_count=20",
        code_newest=f"code={SNOMED}13954003&_sort=-onset-date&_count=20",
        newest="_sort=-onset-date&_count=20",
        recorded_week="recorded-date=ge2022-03-01&recorded-date=lt2022-03-08&_sort=-recorded-date",
        include="patient=p-{p}&_include=Condition:encounter&_include=Condition:patient",
        chain="encounter.status=in-progress&patient=p-{p}",
    ),
    *_of(
        "Encounter",
        patient_date="patient=p-{p}&date=ge2021",
        patient_class="patient=p-{p}&class=AMB",
        patient_location="patient=p-{p}&location=Location/loc-3",
        patient_status="patient=p-{p}&status=finished",
        patient_newest="patient=p-{p}&_sort=-date&_count=10",
        newest="_sort=-date&_count=20",
        day="date=2022-03-01&_sort=date",
        has_condition=f"patient=p-{{p}}&_has:Condition:encounter:code={SNOMED}13954003",
        revinclude="patient=p-{p}&_revinclude=Condition:encounter",
    ),
    *_of(
        "Procedure",
        patient_date="patient=p-{p}&date=ge2021",
        patient_code_date=f"patient=p-{{p}}&code={SNOMED}13954003&date=ge2020",
        patient_status="patient=p-{p}&status=completed",
    ),
    *_of(
        "DocumentReference",
        patient_category="patient=p-{p}&category=clinical-note",
        patient_type="patient=p-{p}&type=http://loinc.org|34117-2",
        patient_category_date="patient=p-{p}&category=clinical-note&date=ge2021&_sort=-date",
    ),
)
OTHERS = (
    *_of("Practitioner", name="name=brandt", identifier="identifier=http://hl7.org/fhir/sid/us-npi|1000000003"),
    *_of("Organization", name="name=Clinic"),
    *_of("Location", name="name=Ward 1"),
    *_of(
        None,
        last_updated="_lastUpdated=gt2024-01-01T00:10:00Z&_type=Observation,Condition,Patient&_count=50",
        newest="_type=Observation,Condition&_sort=-_lastUpdated&_count=50",
    ),
)
PAGES = (*OBSERVATIONS, *PATIENTS, *CLINICAL, *OTHERS)
"""Searches for a page."""

COUNTS = (
    Query(
        "count of a patient's code", "Observation", f"patient=p-{{p}}&code={LOINC}39125-0&_summary=count", counts=True
    ),
    Query("count of a week", "Observation", "date=ge2022-03-01&date=lt2022-03-08&_summary=count", counts=True),
)

SORTED = (
    Query("newest of all", "Observation", "_sort=-date&_count=20"),
    Query("newest of a code", "Observation", f"code={LOINC}39125-0&_sort=-date&_count=20"),
    Query("last updated", "Observation", "_sort=-_lastUpdated&_count=20"),
    Query("unsorted code", "Observation", "code=8867-4&_count=20"),
    Query("newest conditions", "Condition", "_sort=-onset-date&_count=20"),
    Query("conditions of a code", "Condition", f"code={SNOMED}13954003&_count=20"),
    Query("patients by family", "Patient", "_sort=family&_count=20"),
)
"""Searches with many pages, of which the thousandth must cost what the first one costs."""
