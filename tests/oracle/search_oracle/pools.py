"""Small pools of nasty values that resources and searches share, so that they meet."""

from __future__ import annotations

from collections.abc import Mapping

UCUM = "http://unitsofmeasure.org"
SYSTEMS = ("http://loinc.org", "http://snomed.info/sct", "urn:x-mrn", "http://a.example/S,y|s$1", None)
CODES = ("39126-8", "39125-0", "A", "a", "x,y", "p|q", "d$e", "back\\slash", "ünïcode", "8480-6", "true", "_", "%")
IDENTIFIERS = ("001", "1", "0-0 1", "O'Brien", "a|b", "ABC", "abc", "é", "1234567893", "%", "Patient/p1")
NAMES = (
    "Müller", "Muller-Smith", "Mu\u0308ller", "van Müller", "O'Brien", "OBRIEN", "Straße", "STRASSE", "Ærø", "İstanbul",
    "ıñ", "Nguyễn", "李", "李小龍", "100%", "a_b", "back\\s", "two  blanks", "ﬁne", "Ⅷ", "x,y|z$w", "ge5", "M", "m",
    "Anna", "Anna Maria", "Annie", "Σίσυφος", "ΣΊΣΥΦΟΣ", "Müller, Anna", "long " + "x" * 230, "long " + "x" * 230 + "y",
)  # fmt: skip
DATES = (
    "2024", "2024-03", "2024-02", "2024-02-29", "2024-03-10", "2024-03-11", "2024-03-10T23:30:00-05:00",
    "2024-03-11T04:30:00Z", "2024-03-11T04:30:00.500Z", "2024-03-11T00:00:00+14:00", "2023-12-31T23:59:59-12:00",
    "1979", "1980-02-29", "1980-02", "0001-01-01", "9999-12-31", "2024-03-10T00:00:00Z", "2024-03-31T23:59:59.999Z",
)  # fmt: skip
NUMBERS = ("4.0", "3.95", "3.950", "4", "40", "0.5", "-1.5", "0.0", "7", "0.000001", "39.5", "100",
           "12345678901234567.125", "1e2", "4.05")  # fmt: skip
UNITS: tuple[Mapping[str, str], ...] = (
    {"unit": "cm", "system": UCUM, "code": "cm"},
    {"unit": "mm", "system": UCUM, "code": "mm"},
    {"unit": "centimeter", "system": UCUM, "code": "cm"},
    {"unit": "cm"},
    {"unit": "pieces"},
    {"system": "urn:local", "code": "cm"},
    {"unit": "points", "system": UCUM, "code": "{score}"},
    {},
)
URLS = (
    "http://a.example/fhir", "http://a.example/fhir/x", "http://a.example/fhirx", "http://a.example/fhir/x/y",
    "http://b.example/Q?a=b,c", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "urn:oid:1.2.3", "http://a.example",
)  # fmt: skip
CANONICALS = (*(url for url in URLS if url.startswith("http")), "http://a.example/fhir/x|1.0", "http://b.example/v|2")
