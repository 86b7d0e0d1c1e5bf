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
Patient       _text=                                       400
Patient       _text=-x                                     400
Patient       _content=x%20or%20-y                         400
Patient       _content:exact=x                             400
Patient       _text:missing=true                           400
Patient       _sort=_content                               400
Patient       _sort=phonetic                               400
Patient       phonetic=%25                                 400
Patient       _query=x                                     400
Patient       _filter=x                                    400
Location      near=1                                       400
Location      near=91|2                                    400
Location      near=1|181                                   400
Location      near=1|2|-3                                  400
Location      near=1|2|3|cm                                400
Location      near=1|2|x|km                                400
Location      near=1|2||km                                 400
Location      near=1|2|3|km|4                              400
Location      near=NaN|2                                   400
Location      near:exact=1|2                               400
Location      near:missing=x                               400
Location      _sort=near                                   400
# words, places and sounds: S-145
Patient       _text=x                                      -
Patient       _content=nobody                              -
Organization  _content=WOUND                               o1
Organization  _content=awc,zeta                            o1 o2
Organization  _content=awc%20or%20zeta                     o1 o2
Organization  _content="wound%20clinic"                    o1
Organization  _content="clinic%20wound"                    -
Organization  _content="clinic%20awc"                      -
Organization  _content=wou*                                o1
Organization  _content=clinic%20-acme                      -
Organization  _content=clinic%20-zeta                      o1
Organization  _text=clinic                                 -
Practitioner  phonetic=Smyth                               d1
Practitioner  phonetic=Jonas                               d2
Practitioner  phonetic=Smyth%20Jones                       -
Practitioner  phonetic:missing=true                        -
Location      near=1|2                                     -
Location      near:missing=true                            l1
Location      near:missing=false                           -
Observation   code-value-quantity:missing=true             400
Observation   code-value-quantity:not=a$1                  400
Observation   code-value-quantity=a                        400
Observation   code-value-quantity=a$                       400
Observation   code-value-quantity=$1                       400
Observation   code-value-quantity=a$1$2                    400
Observation   code-value-quantity=a$b                      400
Observation   _sort=code-value-quantity                    400
Patient       _contained=true&_sort=name                   400
Patient       _contained=no                                400
Patient       _containedType=contained                     400
Patient       _list=$current-problems                      400
Patient       _list=Patient/pa                             400
Patient       _list:x=l                                    400
Observation   patient:below=pa                             400
Organization  partof:below=http://other/Organization/o1    400
Observation   performer:below=d1                           400
# contained resources: S-187
Patient       _contained=false&_containedType=container    pa pb pc pd
Patient       _contained=true                              -
Patient       _contained=both&gender=female                pa
# hierarchies: S-129
Organization  partof:below=o1                              o2
Organization  partof:below=Organization/o1                 o2
Organization  partof:below=o2                              -
Organization  partof:below=o1,o2                           o2
Organization  partof:above=o2                              o2
Organization  partof:above=o1                              o2
Location      organization:below=Organization/o1           l1
Location      organization:below=Organization/o2           -
Location      organization:above=Organization/o2           l1
Patient       organization:above=Organization/o2           pa
Patient       link:below=Patient/pa                        pd
Patient       organization.partof:below=o1                 -
# lists: S-146
Patient       _list=x                                      -
Patient       _list=List/x                                 -
# filters: S-145
Patient       _filter=given%20eq%20"anna"                  pa
Patient       _filter=given%20eq%20ANNA                    pa
Patient       _filter=given%20eq%20ann                     -
Patient       _filter=given%20sw%20ann                     pa
Patient       _filter=given%20ew%20nna                     pa
Patient       _filter=given%20co%20nn                      pa
Patient       _filter=family%20co%20"müller"               pa pb pd
Patient       _filter=family%20ew%20müller                 pa pd
Patient       _filter=family%20ne%20müller                 pb pc pd
Patient       _filter=birthdate%20ge%201980-02-29          pa
Patient       _filter=birthdate%20ne%201980                pc
Patient       _filter=birthdate%20po%201980-02-29          pa pb
Patient       _filter=birthdate%20pr%20false               pd
Patient       _filter=birthdate%20pr%20true                pa pb pc
Patient       _filter=birthdate%20eq%20ge1980              400
Patient       _filter=gender%20ne%20female                 pb pc
Patient       _filter=not(gender%20eq%20female)            pb pc pd
Patient       _filter=gender%20eq%20female%20or%20birthdate%20pr%20false%20and%20active%20eq%20true  pa
Patient       _filter=gender%20eq%20female%20or%20(birthdate%20pr%20false%20and%20active%20eq%20true)  pa
Patient       _filter=(gender%20eq%20male%20or%20gender%20eq%20unknown)%20and%20not(active%20eq%20true)  pc
Patient       _filter=_id%20eq%20pa%20or%20_id%20eq%20pc   pa pc
Patient       _filter=_id%20ne%20pa                        pb pc pd
Patient       _filter=identifier%20eq%20urn:x-mrn|001      pa
Patient       _filter=identifier%20eq%20|001               pc
Patient       _filter=name%20eq%20"o'brien,%20cat"         pc
Patient       _filter=link%20re%20Patient/pa               pd
Patient       _filter=link%20pr%20true                     pd
Patient       _filter=_has:Observation:patient:code%20eq%2072514-3  pb
Patient       _filter=_has:Observation:patient:performer.family%20eq%20smith  pa
Patient       _filter=_has:Observation:patient:performer:Practitioner.family%20eq%20smith  pa
Patient       _filter=gender%20eq%20male&_filter=active%20eq%20true  pb
Observation   _filter=value-quantity%20gt%203.95           w1 w4 w5
Observation   _filter=value-quantity%20eq%204.0|http://unitsofmeasure.org|cm  w1 w2 w4
Observation   _filter=code-value-quantity%20eq%2039126-8$4.00  w1
Observation   _filter=subject%20ne%20Patient/pa            w4 w5 w6 bp2
Observation   _filter=subject:Patient.family%20eq%20müller  w1 w2 w3 bp1
Observation   _filter=subject.gender%20eq%20male           w4 w5 w6 bp2
Observation   _filter=patient.general-practitioner.family%20sw%20smi  w1 w2 w3 bp1
Observation   _filter=subject[gender%20eq%20male].family%20co%20m  w4 w5 w6 bp2
Observation   _filter=subject[gender%20eq%20female%20and%20active%20eq%20true].birthdate%20pr%20true  w1 w2 w3 bp1
Observation   _filter=subject[gender%20eq%20female].birthdate%20lt%201980  -
Observation   _filter=not(subject.gender%20eq%20male)&status=final  w1 w2 w3 w7 bp1
Observation   patient._filter=gender%20eq%20female%20and%20active%20eq%20true  w1 w2 w3 bp1
Patient       _filter=name                                 400
Patient       _filter=name%20xx%20a                        400
Patient       _filter=name%20eq                            400
Patient       _filter=name%20eq%20"a                       400
Patient       _filter=name%20eq%20a%20and                  400
Patient       _filter=name%20eq%20a)                       400
Patient       _filter=(name%20eq%20a                       400
Patient       _filter=foo%20eq%20a                         400
Patient       _filter=name%20gt%20a                        400
Patient       _filter=gender%20co%20m                      400
Patient       _filter=gender%20pr%20maybe                  400
Patient       _filter=gender.x%20eq%20m                    400
Patient       _filter=gender:Patient%20eq%20m              400
Patient       _filter=_filter%20eq%20m                     400
Patient       _filter:not=gender%20eq%20m                  400
Patient       _filter=                                     400
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
