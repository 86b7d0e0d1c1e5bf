"""The word for value[x] in a column that names the type and a JSON column that holds the value.

https://hl7.org/fhir/R4/observation.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, and_, case, func, literal_column, or_

from fhir_server.definitions import is_primitive
from fhir_server.mapping import spoken
from fhir_server.mapping.conform import conform
from fhir_server.mapping.primitives import ascii_lower
from fhir_server.mapping.source import DateColumn, QuantityColumn, SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.spoken import Sql
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word

DATA_ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

_TYPES: dict[str, str] = {
    "quantity": "Quantity",
    "string": "string",
    "text": "string",
    "boolean": "boolean",
    "integer": "integer",
    "codeableconcept": "CodeableConcept",
    "codeable": "CodeableConcept",
    "coded": "CodeableConcept",
    "range": "Range",
    "ratio": "Ratio",
    "sampleddata": "SampledData",
    "sampled": "SampledData",
    "time": "time",
    "datetime": "dateTime",
    "period": "Period",
}
_TAGS = {
    "Quantity": "quantity",
    "CodeableConcept": "codeable-concept",
    "SampledData": "sampled-data",
    "dateTime": "datetime",
}
SEARCHED_CODINGS = 4
"""How many codings of a concept its columns answer; the portal writes one."""

_LOWEST: Sql = literal_column("'-Infinity'::numeric")
_HIGHEST: Sql = literal_column("'Infinity'::numeric")
_ALWAYS: Sql = literal_column("'-infinity'::timestamptz")
_FOREVER: Sql = literal_column("'infinity'::timestamptz")


class tagged(Word):  # noqa: N801
    """value[x] of a type name and a JSON column.

    A primitive stands bare or under `value`; a Quantity may be a bare number, a concept a text or one coding. JSON that
    does not fit its type name is answered with dataAbsentReason `error`: something was recorded and cannot be said.
    """

    def __init__(self, tag: Column[Any], data: Column[Any]) -> None:
        self.tag, self.data = tag, data
        self.columns = (tag.name, data.name)

    def compose_into(self, into: dict[str, Any], name: str, row: Row) -> None:
        tag, data = row.get(self.tag.name), row.get(self.data.name)
        if data is None:
            return
        data_type = _TYPES.get(_normal(tag)) if isinstance(tag, str) else None
        said = ABSENT if data_type is None else conform(data_type, _unwrapped(data_type, data))
        if data_type is None or said is ABSENT:
            into["dataAbsentReason"] = Atomic(coding=[{"system": DATA_ABSENT_REASONS, "code": "error"}])
            return
        stem = name.removesuffix("[x]")
        into[f"{stem}{data_type[0].upper()}{data_type[1:]}"] = Atomic(said) if isinstance(said, dict) else said

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        stem = name.removesuffix("[x]")
        for data_type in dict.fromkeys(_TYPES.values()):
            said = source.get(f"{stem}{data_type[0].upper()}{data_type[1:]}")
            held = ABSENT if said is None else conform(data_type, said)
            if held is not ABSENT:
                row[self.tag.name] = _TAGS.get(data_type, data_type)
                row[self.data.name] = {"value": held} if is_primitive(data_type) else held
                return True
        return False

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        columns: dict[str, Callable[[], tuple[SearchColumn, ...]]] = {
            "date": self._dates,
            "quantity": self._quantities,
            "string": self._strings,
            "token": self._codes,
        }
        return columns[parameter_type]()

    def strings_alone(self) -> tuple[StringColumn, ...]:
        """The columns for strings, without the texts of concepts, which `search_columns` counts among them."""
        return (StringColumn(case((self._is("string"), self._plain()))),)

    def _is(self, *data_types: str) -> Sql:
        normal = spoken.bare(spoken.ascii_lower(self.tag), "-", "_", " ")
        return normal.in_([tag for tag, named in _TYPES.items() if named in data_types])

    def _quantities(self) -> tuple[QuantityColumn, ...]:
        is_object = spoken.is_object(self.data)
        written = spoken.member(self.data, "value")
        value = spoken.json_number(case((is_object, written), else_=self.data))
        comparator = spoken.json_code(spoken.member(self.data, "comparator"))
        system = spoken.json_uri(spoken.member(self.data, "system"))
        code = spoken.json_code(spoken.member(self.data, "code"))
        value = case((self._is("Quantity"), value))
        return (
            QuantityColumn(
                value,
                system,
                case((system.is_not(None), code)),
                spoken.json_text(spoken.member(self.data, "unit")),
                low=case((comparator.in_(("<", "<=")), _LOWEST), else_=value),
                high=case((comparator.in_((">", ">=")), _HIGHEST), else_=value),
                indexed=spoken.plain_number(written),
                odd=and_(
                    self._is("Quantity"),
                    or_(spoken.is_no_number(written), spoken.has_member(self.data, "comparator")),
                ),
            ),
        )

    def _dates(self) -> tuple[DateColumn, ...]:
        """Days and times apart: what has no time has no zone either."""
        is_period = self._is("Period")
        said = case((self._is("dateTime"), self._plain()))
        start = case((is_period, spoken.json_text(spoken.member(self.data, "start"))), else_=said)
        end = case((is_period, spoken.json_text(spoken.member(self.data, "end"))), else_=said)
        begin, finish = func.fhir_moment_low(start), func.fhir_moment_high(end)
        # A period with a day at one end and a time at the other passes for one of times.
        has_time = func.strpos(func.concat(start, end), literal_column("'T'")) > literal_column("0")
        known = begin.is_not(None) | finish.is_not(None)
        low, high = func.coalesce(begin, _ALWAYS), func.coalesce(finish, _FOREVER)
        return (
            DateColumn(case((and_(known, ~has_time), low)), high, is_day=True),
            DateColumn(case((and_(known, has_time), low)), high),
        )

    def _plain(self) -> Sql:
        only_value = spoken.is_only(self.data, "value")
        return spoken.json_text(case((only_value, spoken.member(self.data, "value")), else_=self.data))

    def _strings(self) -> tuple[SearchColumn, ...]:
        concept = (self._is("CodeableConcept"), self._concept_text())
        text = case((self._is("string"), self._plain()), concept)
        # A partial index has only these.
        return (StringColumn(text, where=self._is("string", "CodeableConcept"), is_long=True),)

    def _concept_text(self) -> Sql:
        held = self.data
        text = case((spoken.is_object(held), spoken.member(held, "text")), (spoken.is_string(held), held))
        return spoken.json_text(text)

    def _codings(self) -> list[Sql]:
        held = self.data
        listed = case(
            (spoken.has_member(held, "coding"), spoken.items(spoken.member(held, "coding"))),
            (spoken.has_member(held, "code"), spoken.items(held)),
        )
        return [spoken.member(listed, place) for place in range(SEARCHED_CODINGS)]

    def _codes(self) -> tuple[SearchColumn, ...]:
        is_concept = self._is("CodeableConcept")
        return tuple(
            TokenColumn(
                case((is_concept, spoken.json_code(spoken.member(coding, "code")))),
                system_column=spoken.json_uri(spoken.member(coding, "system")),
            )
            for coding in self._codings()
        )

    def text_columns(self) -> tuple[SearchColumn, ...]:
        is_concept = self._is("CodeableConcept")
        displays = (spoken.json_text(spoken.member(coding, "display")) for coding in self._codings())
        return tuple(StringColumn(case((is_concept, text))) for text in (self._concept_text(), *displays))


def _normal(tag: str) -> str:
    return ascii_lower(tag).replace("-", "").replace("_", "").replace(" ", "")


def _unwrapped(data_type: str, data: Any) -> Any:
    if is_primitive(data_type):
        return data["value"] if isinstance(data, dict) and set(data) == {"value"} else data
    if data_type == "Quantity" and not isinstance(data, dict):
        return {"value": data}
    if data_type == "CodeableConcept":
        if isinstance(data, str):
            return {"text": data}
        if isinstance(data, dict) and "coding" not in data and "code" in data:
            coding = {key: data[key] for key in ("system", "version", "code", "display") if key in data}
            return {"coding": [coding]} | ({"text": data["text"]} if "text" in data else {})
    return data
