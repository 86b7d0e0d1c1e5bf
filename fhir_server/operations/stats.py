"""Observation/$stats: averages, extremes and percentiles of what was measured of one subject.

https://hl7.org/fhir/R4/observation-operation-stats.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_server.errors import InvalidRequest, Unprocessable
from fhir_server.indexing.ucum import SYSTEM as UCUM
from fhir_server.interactions.answers import json_answer
from fhir_server.interactions.context import Context, audit_of
from fhir_server.interactions.explaining import within_budget
from fhir_server.interactions.request import FhirRequest, FhirResponse
from fhir_server.interactions.searching import Rows, reading, run_merged
from fhir_server.interactions.stored import StoredVersion
from fhir_server.json_text import DecimalText, Tree, read_json
from fhir_server.mapping.minted import version_name
from fhir_server.mapping.rendering import instant
from fhir_server.operations.arguments import Arguments, arguments_of
from fhir_server.persistence.audit import record
from fhir_server.search import Search, SortKey, parse
from fhir_server.search.query import Item, Query
from fhir_server.search.statistics import STATISTICS

NAMES = ("subject", "code", "system", "coding", "duration", "period", "statistic", "include", "limit")
STATISTICS_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-statistics"
MAX_CODES = 50
LONGEST_HOURS = 24 * 366 * 200
_COUNTS = frozenset({"count", "total-count"})
Coding = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Asked:
    subject: str
    codings: tuple[Coding, ...]
    period: Mapping[str, str]
    statistics: tuple[str, ...]
    sources: int


def stats(context: Context, request: FhirRequest, resource_type: str) -> FhirResponse:
    """Parameters: an Observation `statistics` for each code, and with `include` the `source` Observations.

    Observations that were entered in error do not count. Raises InvalidRequest for what cannot be asked, and
    Unprocessable for one code measured in several units: these have no common average.
    """
    asked = _asked(context, arguments_of(request, context.limits))
    parameters: list[Tree] = []
    entities: dict[str, None] = {}
    for coding in asked.codings:
        search = _search(context, request, asked, coding)
        statement = context.statements.statistics(search, visibility=context.visibility)
        within_budget(context, search, statement)
        rows = run_merged(context, request, statement, statement.sql, {})
        parameters.append({"name": "statistics", "resource": _observation(asked, coding, rows[0])})
    for coding in asked.codings if asked.sources else ():
        for row in _sources(context, request, asked, coding, asked.sources - len(entities)):
            entity = version_name(*row[2:5])
            if entity not in entities:
                entities[entity] = None
                source = read_json(StoredVersion(*row[1:11]).json(context.registry))
                parameters.append({"name": "source", "resource": source})
    record(context.database.reader(), audit_of(request, "stats", resource_type, entities=tuple(entities)))
    return json_answer({"resourceType": "Parameters", "parameter": parameters})


def _asked(context: Context, arguments: Arguments) -> _Asked:
    arguments.only(NAMES)
    subject, statistics = arguments.text("subject"), tuple(dict.fromkeys(_listed(arguments, "statistic")))
    if subject is None or not statistics:
        raise InvalidRequest("$stats needs a subject and at least one statistic.", ("subject", "statistic"))
    if "/" not in subject:
        raise InvalidRequest("The parameter 'subject' must be a reference such as Patient/123.", ("subject",))
    unserved = [name for name in statistics if name not in STATISTICS]
    if unserved:
        raise InvalidRequest(f"The parameter 'statistic' must be among {', '.join(STATISTICS)}.", ("statistic",))
    codings = tuple(_codings(arguments))
    if not 0 < len(codings) <= MAX_CODES:
        raise InvalidRequest(f"$stats needs 1 to {MAX_CODES} codes: code with system, or coding.", ("code",))
    include, limit = arguments.text("include"), arguments.positive("limit")
    if include not in (None, "true", "false"):
        raise InvalidRequest("The parameter 'include' must be true or false.", ("include",))
    if limit is not None and include != "true":
        raise InvalidRequest("The parameter 'limit' needs include=true.", ("limit",))
    most = min(limit or context.limits.default_count, context.limits.max_count)
    return _Asked(subject, codings, _period(context, arguments), statistics, most if include == "true" else 0)


def _listed(arguments: Arguments, name: str) -> list[str]:
    return [part for text in arguments.texts(name) for part in text.split(",") if part]


def _codings(arguments: Arguments) -> Iterator[Coding]:
    system, codes = arguments.text("system"), _listed(arguments, "code")
    if codes and system is None:
        raise InvalidRequest("The parameter 'code' needs a 'system'.", ("system",))
    for code in codes:
        yield {"system": system or "", "code": code}
    for coding in arguments.trees("coding"):
        if isinstance(coding, str) and coding.count("|") == 1 and all(coding.split("|")):
            coding = dict(zip(("system", "code"), coding.split("|"), strict=True))
        if not isinstance(coding, dict) or not (coding.get("system") and coding.get("code")):
            raise InvalidRequest("The parameter 'coding' must be a Coding with system and code.", ("coding",))
        yield coding


def _period(context: Context, arguments: Arguments) -> Mapping[str, str]:
    duration, periods = arguments.text("duration"), arguments.trees("period")
    if len(periods) > 1 or (periods and duration is not None):
        raise InvalidRequest("$stats takes one duration or one period.", ("period",))
    if periods:
        if not isinstance(periods[0], dict):
            raise InvalidRequest("The parameter 'period' must be a Period, in a Parameters resource.", ("period",))
        return {name: str(periods[0][name]) for name in ("start", "end") if name in periods[0]}
    if duration is None:
        return {}
    try:
        hours = Decimal(duration)
    except InvalidOperation:
        hours = Decimal(0)
    if not (hours.is_finite() and 0 < hours <= LONGEST_HOURS):
        raise InvalidRequest("The parameter 'duration' must be a number of hours above 0.", ("duration",))
    now = datetime.now(UTC)
    return {"start": instant(now - timedelta(microseconds=int(hours * 3_600_000_000))), "end": instant(now)}


def _search(context: Context, request: FhirRequest, asked: _Asked, coding: Coding) -> Search:
    token = "|".join(_escaped(coding[name]) for name in ("system", "code"))
    items = [Item("subject", None, _escaped(asked.subject)), Item("code", None, token)]
    items.append(Item("status", "not", "entered-in-error"))
    items += [
        Item("date", None, prefix + asked.period[name])
        for name, prefix in (("start", "ge"), ("end", "le"))
        if name in asked.period
    ]
    return parse("Observation", Query(tuple(items)), limits=context.limits, reading=reading(context, request))


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\,|$" else character for character in text)


def _sources(context: Context, request: FhirRequest, asked: _Asked, coding: Coding, room: int) -> Rows:
    if room <= 0:
        return []
    search = replace(_search(context, request, asked, coding), count=room, sort=(SortKey("date", "date", True),))
    statement = context.statements.page(search, visibility=context.visibility)
    return run_merged(context, request, statement, statement.sql, {})[:room]


def _observation(asked: _Asked, coding: Coding, row: tuple[Any, ...]) -> Tree:
    units: list[str] = read_json(row[2]) if row[2] is not None else []
    if len(units) > 1:
        raise Unprocessable("The values of one code are in several units and have no statistics in common", ("code",))
    found: dict[str, str | None] = dict(zip(STATISTICS, row[3:], strict=True))
    components = [_component(name, found[name], units) for name in asked.statistics]
    told: dict[str, Tree] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [coding]},
        "subject": {"reference": asked.subject},
    }
    if asked.period:
        told["effectivePeriod"] = dict(asked.period)
    return {**told, "component": components}


def _component(name: str, value: str | None, units: list[str]) -> Tree:
    code: Tree = {"coding": [{"system": STATISTICS_SYSTEM, "code": name}]}
    if value is None:
        missing = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        return {"code": code, "dataAbsentReason": {"coding": [{"system": missing, "code": "not-applicable"}]}}
    unit = "1" if name in _COUNTS or not units else units[0] if name != "variance" else f"({units[0]})2"
    return {"code": code, "valueQuantity": {"value": DecimalText(value), "unit": unit, "system": UCUM, "code": unit}}
