"""What searches over the wound clinic find, one line each: R4's rules as results.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_server.errors import InvalidRequest

ALL = "w1 w2 w3 w4 w5 w6 w7 bp1 bp2"

EXPECTED = """
# combining
Patient       gender=female&family=m                       pa
Patient       identifier=urn:x-mrn|999                     -
Observation   code=39126-8,39125-0&patient=pa              w1 w2
Patient       given=Anna&given=Maria                       pa
Patient       given=Anna,Bob                               pa pb
Observation   subject=Patient/none                         -
Observation   code=no-such-code                            -
# escapes and percent encoding
Patient       family:exact=O'Brien                         pc
Patient       family%3Aexact=M%C3%BCller                   pa
Patient       identifier=urn%3Ax-mrn%7C001                 pa
Patient       identifier=urn:x-mrn\\|001                   -
Patient       given=Anna%2CBob                             pa pb
Patient       given=Anna%5C%2CBob                          -
Observation   date=2024-03-11T10:00:00%2B05:30             w1
Observation   date=2024-03-11T10:00:00+05:30               w1
Observation   date=2024-03-11T04%3A30%3A00Z                w1
# dates
Observation   date=2024-03-10                              w2
Observation   date=ne2024-03-10                            w1 w3 w4 w5 w6 bp1 bp2
Observation   date=gt2024-03-10                            w1 w3 w4 w5
Observation   date=lt2024-03-10                            w3 w4 w6 bp1 bp2
Observation   date=ge2024-03-10                            w1 w2 w3 w4 w5
Observation   date=le2024-03-10                            w2 w3 w4 w6 bp1 bp2
Observation   date=sa2024-03-10                            w1 w5
Observation   date=eb2024-03-10                            w6 bp1 bp2
Observation   date=2024-03-11                              w1 w5
Observation   date=2024-03                                 w1 w2 w4 w5
Observation   date=gt2024-03                               w3
Observation   date=eb2024-03                               w6 bp1 bp2
Observation   date=2024-03-11T04:30:00Z                    w1
Observation   date=2024-03-10T23:30:00-05:00               w1
Observation   date=gt2024-03-11T04:30:00Z                  w3 w4
Observation   date=eb2024-03-11T04:30:00Z                  w2 w5 w6 bp1 bp2
Observation   date=ge2024-03-01&date=le2024-03-31          w1 w2 w3 w4 w5
Observation   date=2024-03-10T23                           400
Observation   date=2024-13                                 400
Observation   date=2024-02-30                              400
Observation   date=24-03-10                                400
Observation   date=0-03-04                                 400
Observation   date=201111111-01                            400
Observation   date=23%20May%202009                         400
Observation   date=2024-03-11T04:30                        w1
Observation   date=ap2024-03-10                            w1 w2 w3 w4 w5
Observation   date=2024-03-11,2024-03-10                   w1 w2 w5
Observation   date:missing=true                            w7
Observation   date:missing=false                           w1 w2 w3 w4 w5 w6 bp1 bp2
Patient       birthdate=1980-02-29                         pa
Patient       birthdate=1980-02                            pa pb
Patient       birthdate=1980                               pa pb
Patient       birthdate=gt1979                             pa pb
Patient       birthdate=lt1980-02-29                       pb pc
Patient       birthdate=le1980-02                          pa pb pc
Patient       birthdate=ne1980                             pc
Patient       birthdate:missing=true                       pd
Patient       birthdate=ge1980-02-29                       pa
Patient       birthdate=le1980-02-29                       pa pb pc
Patient       birthdate=ge1980-02-29&birthdate=le1980-02-29 pa
Patient       death-date=2023-05-01                        pc
Patient       deceased=true                                pc
Patient       deceased=false                               pa pb pd
# numbers and quantities
Observation   value-quantity=4.0                           w1 w2
Observation   value-quantity=4.00                          w1
Observation   value-quantity=4                             w1 w2
Observation   value-quantity=gt3.95                        w1 w4 w5
Observation   value-quantity=ge3.95                        w1 w2 w4 w5
Observation   value-quantity=lt0.5                         -
Observation   value-quantity=le0.5                         w3
Observation   value-quantity=4.0|http://unitsofmeasure.org|cm  w1 w2 w4
Observation   value-quantity=40|http://unitsofmeasure.org|mm  w1 w2 w4
Observation   value-quantity=0.0400|http://unitsofmeasure.org|m  w1 w4
Observation   value-quantity=gt0.0395|http://unitsofmeasure.org|m  w1 w4
Observation   value-quantity=4.0|http://unitsofmeasure.org|kg  -
Observation   value-quantity=7|http://unitsofmeasure.org|{score}  w5
Observation   value-quantity=4.0||cm                       w1 w2
Observation   value-quantity=4.0||mm                       -
Observation   value-quantity=40||mm                        w4
Observation   value-quantity=ne4.0                         w3 w4 w5
Observation   value-quantity=ap0.52                        w3
Observation   value-quantity=sa7                           w4
Observation   value-quantity=eb3.95                        w3
Observation   value-quantity=gt1e300                       -
Observation   value-quantity=-1                            -
Observation   value-quantity=abc                           400
Observation   value-quantity=4.0|cm                        400
Observation   value-quantity=1e400000                      400
Observation   component-value-quantity=gt140               bp1
Observation   value-quantity:missing=true                  w6 w7 bp1 bp2
# strings
Patient       family=muller                                pa pb
Patient       family=M%C3%9CLL                             pa pb
Patient       family=Mu%CC%88ller                          pa pb
Patient       family:exact=M%C3%BCller                     pa
Patient       family:exact=Mu%CC%88ller                    pa
Patient       family:exact=m%C3%BCller                     -
Patient       family:exact=Mull                            -
Patient       family:contains=m%C3%BCller                  pa pb pd
Patient       name=annie                                   pa
Patient       address=zur                                  pa
Patient       address-city=Z%C3%BCrich                     pa
Patient       family=o'brien                               pc
Patient       family=obrien                                pc
Patient       family=%25                                   -
Patient       family=_                                     -
Patient       family=m_ller                                -
Patient       family:contains=%25                          -
Patient       family:contains='                            pc
Patient       given=Anna%20Maria                           -
Patient       name=o'brien,%20cat                          pc
Patient       family:missing=false                         pa pb pc pd
Patient       address:missing=true                         pb pc pd
Organization  name=awc                                     o1
Patient       name=ge1                                     -
# tokens
Patient       identifier=001                               pa pc
Patient       identifier=urn:x-mrn|001                     pa
Patient       identifier=|001                              pc
Patient       identifier=urn:x-mrn|                        pa pb
Patient       identifier=|                                 400
Patient       active=true                                  pa pb
Patient       active=false                                 pc
Patient       active:not=true                              pc pd
Patient       gender=http://hl7.org/fhir/administrative-gender|male  pb
Patient       gender:not=female                            pb pc pd
Patient       gender:not=female,male                       pc pd
Observation   category:not=exam                            w5 w7 bp1 bp2
Patient       gender:missing=true                          pd
Patient       gender:missing=false                         pa pb pc
Patient       gender:missing=maybe                         400
Observation   value-concept:text=moder                     w6
Patient       identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|001  pa
Patient       identifier:of-type=MR|001                    400
Patient       identifier:in=http://x                       400
Observation   code:below=39126-8                           400
Observation   status=FINAL                                 -
Observation   status=final                                 w1 w2 w3 w4 w5 w7 bp1 bp2
Observation   status=final,amended                         w1 w2 w3 w4 w5 w6 w7 bp1 bp2
Patient       telecom=phone|555-0100                       pb
Patient       phone=555-0100                               pb
Observation   combo-code=8480-6                            bp1 bp2
Observation   code=8480-6                                  -
Patient       _id=pa,pb                                    pa pb
Patient       _id=Patient/pa                               -
Patient       _id:not=pa                                   pb pc pd
# references
Observation   patient=pa                                   w1 w2 w3 bp1
Observation   patient=Patient/pa                           w1 w2 w3 bp1
Observation   subject=Patient/pa                           w1 w2 w3 bp1
Observation   subject:Patient=pa                           w1 w2 w3 bp1
Observation   subject=http://server.example/fhir/Patient/pa  w1 w2 w3 bp1
Observation   subject=https://server.example/fhir/Patient/pa  w1 w2 w3 bp1
Observation   patient=pb                                   w4 w5 w6 bp2
Observation   patient=http://other/Patient/pa              -
Observation   performer=d1                                 w1
Observation   performer=Practitioner/d1                    w1
Observation   patient=Practitioner/d1                      400
Observation   subject:Practitioner=d1                      400
Observation   subject:Patient=Group/pa                     400
Observation   subject=a%20b                                400
Observation   subject:identifier=urn:x-mrn|001             w7
Observation   subject:identifier=001                       w7
Observation   subject:identifier=|001                      -
Observation   subject:missing=true                         w7
Observation   patient:missing=true                         w7
Observation   subject:missing=false                        w1 w2 w3 w4 w5 w6 bp1 bp2
Observation   patient=Patient/pb/_history/1                w5
Organization  partof:below=o1                              400
Organization  partof=o1                                    o2
Patient       link=pa                                      pd
Patient       general-practitioner=Practitioner/d1         pa
Observation   patient=pa,pb&code=39126-8                   w1 w4
# composites: S-142, S-143, S-144
Observation   component-code-value-quantity=http://loinc.org|8480-6$gt140  bp1
Observation   component-code-value-quantity=http://loinc.org|8462-4$gt140  -
Observation   combo-code-value-quantity=http://loinc.org|8480-6$gt140  bp1
Observation   combo-code-value-quantity=8480-6$gt140,39126-8$gt3.9  w1 w4 bp1
Observation   code-value-quantity=http://loinc.org|39126-8$gt3.9|http://unitsofmeasure.org|cm  w1 w4
Observation   code-value-quantity=39126-8$4.00             w1
Observation   code-value-quantity=39125-0$gt3.9&code-value-quantity=39125-0$lt3.96  w2
Observation   code-value-quantity=a\\$b$1                   -
Observation   code-value-quantity=a$1                      -
# refused
Patient       name:bogus=a                                 400
Patient       birthdate:exact=1980                         400
Patient       foo=1                                        400
Patient       Name=a                                       400
Patient       name=                                        400
Patient       name=a,,b                                    400
Patient       family=a%5Cb                                 400
Patient       family=%00                                   400
Patient       family=%FF                                   400
Patient       family=%zz                                   400
Patient       _type=Patient                                400
Patient       _text=x                                      400
Patient       _content=x                                   400
Patient       _filter=x                                    400
Patient       _list=x                                      400
Location      near=1|2                                     400
Observation   code-value-quantity:missing=true             400
Observation   code-value-quantity:not=a$1                  400
Observation   code-value-quantity=a                        400
Observation   code-value-quantity=a$                       400
Observation   code-value-quantity=$1                       400
Observation   code-value-quantity=a$1$2                    400
Observation   code-value-quantity=a$b                      400
Observation   _sort=code-value-quantity                    400
Patient       _contained=true                              400
"""


def _cases() -> list[Any]:
    cases = []
    for line in EXPECTED.splitlines():
        if line and not line.startswith("#"):
            resource_type, query, expected = line.split(maxsplit=2)
            cases.append(pytest.param(resource_type, query, expected, id=f"{resource_type}?{query}"))
    return cases


@pytest.mark.parametrize(("resource_type", "query", "expected"), _cases())
def test_a_search_finds(clinic: Any, resource_type: str, query: str, expected: str) -> None:
    if expected == "400":
        with pytest.raises(InvalidRequest) as refused:
            clinic.ids(resource_type, query)
        assert refused.value.status == 400
        return
    ids = [] if expected == "-" else expected.split()
    assert sorted(clinic.ids(resource_type, query)) == sorted(ids)
    assert clinic.total(resource_type, query) == len(ids)
