"""The words for choice elements: an interval in two columns, a value tagged with its type, deceased[x].

https://hl7.org/fhir/R4/formats.html#choice
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, and_, case, func, or_

from fhir_server.definitions import is_primitive
from fhir_server.indexing.intervals import date_interval
from fhir_server.mapping.conform import conform
from fhir_server.mapping.intervals import instant_columns
from fhir_server.mapping.primitives import INSTANT
from fhir_server.mapping.source import BooleanColumn, QuantityColumn, SearchColumn, StringColumn, TokenColumn
from fhir_server.mapping.trees import ABSENT, Atomic
from fhir_server.mapping.word import HeardRow, Row, Word

DATA_ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


class moment(Word):  # noqa: N801
    """effective[x] and its like: a start column the portal knows and an end column that only FHIR writes.

    The end (exclusive) says that the start is not an instant: a partial date, a period (open: infinity).
    """

    def __init__(self, start: Column[Any], end: Column[Any]) -> None:
        self.start, self.end = start, end
        self.columns = (start.name, end.name)

    def compose_into(self, into: dict[str, Any], name: str, row: Row) -> None:
        start, end = INSTANT.compose(row.get(self.start.name)), row.get(self.end.name)
        if start is ABSENT:
            return
        stem = name.removesuffix("[x]")
        if end is None:
            into[f"{stem}DateTime"] = start
            return
        last = INSTANT.compose(end)
        into[f"{stem}Period"] = {"start": start} | ({} if last is ABSENT else {"end": last})

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        stem = name.removesuffix("[x]")
        instant = source.get(f"{stem}DateTime", source.get(f"{stem}Instant"))
        exact = INSTANT.decompose(instant)
        if exact is not ABSENT:
            row[self.start.name] = exact
            return True
        period = source.get(f"{stem}Period")
        low, high = _bounds(period) if isinstance(period, dict) else _bounds({"start": instant, "end": instant})
        if low is None:
            return False
        row[self.start.name] = low.isoformat()
        row[self.end.name] = "infinity" if high is None else high.isoformat()
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        return (instant_columns(self.start, self.end),)


def _bounds(period: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    try:
        start, end = period.get("start"), period.get("end")
        low = date_interval(start)[0] if isinstance(start, str) else None
        return low, date_interval(end)[1] if isinstance(end, str) else None
    except ValueError:
        return None, None


class deceased(Word):  # noqa: N801
    """deceased[x] of a boolean and a time; false is the portal's default and therefore says nothing."""

    def __init__(self, flag: Column[Any], time: Column[Any]) -> None:
        self.flag, self.time = flag, time
        self.columns = (flag.name, time.name)

    def compose_into(self, into: dict[str, Any], name: str, row: Row) -> None:
        time = INSTANT.compose(row.get(self.time.name))
        if time is not ABSENT:
            into["deceasedDateTime"] = time
        elif row.get(self.flag.name) is True:
            into["deceasedBoolean"] = True

    def decompose_from(self, source: dict[str, Any], name: str, row: HeardRow) -> bool:
        row[self.flag.name] = source.get("deceasedBoolean", "deceasedDateTime" in source)
        exact = INSTANT.decompose(source.get("deceasedDateTime"))
        if exact is not ABSENT:
            row[self.time.name] = exact
        return True

    def search_columns(self, parameter_type: str) -> tuple[SearchColumn, ...]:
        if parameter_type == "token":
            return (BooleanColumn(or_(func.coalesce(self.flag, False), self.time.is_not(None))),)
        return (instant_columns(self.time),)


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


class tagged(Word):  # noqa: N801
    """value[x] of a type name and a JSON column.

    A primitive stands bare or under `value`; a Quantity may be a bare number. JSON that does not fit its type name is
    answered with dataAbsentReason `error`: something was recorded and cannot be said.
    """

    def __init__(self, tag: Column[Any], data: Column[Any]) -> None:
        self.tag, self.data = tag, data
        self.columns = (tag.name, data.name)

    def compose_into(self, into: dict[str, Any], name: str, row: Row) -> None:
        tag, data = row.get(self.tag.name), row.get(self.data.name)
        if data is None:
            return
        normal = tag.lower().replace("-", "").replace("_", "").replace(" ", "") if isinstance(tag, str) else ""
        data_type = _TYPES.get(normal)
        said = ABSENT if data_type is None else conform(data_type, _unwrapped(data_type, data))
        if data_type is None or said is ABSENT:
            into["dataAbsentReason"] = Atomic(coding=[{"system": DATA_ABSENT_REASONS, "code": "error"}])
            return
        stem = name.removesuffix("[x]")
        into[f"{stem}{data_type[0].upper()}{data_type[1:]}"] = Atomic(said) if data_type == "CodeableConcept" else said

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
        kind = func.lower(self.tag)
        text = self.data.op("->>")
        if parameter_type == "quantity":
            number = func.fhir_numeric(func.coalesce(text("value"), self.data.op("#>>")("{}")))
            known = and_(kind == "quantity", text("comparator").is_(None))
            return (QuantityColumn(case((known, number)), text("system"), text("code"), text("unit")),)
        if parameter_type == "string":
            said = func.coalesce(text("value"), self.data.op("#>>")("{}"))
            return (StringColumn(case((kind.in_(("string", "text")), said))),)
        if parameter_type == "token":
            first = self.data.op("#>>")
            return (TokenColumn(first("{coding,0,code}"), system_column=first("{coding,0,system}")),)
        return ()


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


