"""What a server's answer to a parcel says about each resource in it.

https://hl7.org/fhir/R4/bundle.html#transaction-response and https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from fhir_server.loading.client import Answer
from fhir_server.loading.parcels import Entry, Parcel
from fhir_server.loading.report import CREATED, DELETED, FOUND, UPDATED, Failure, Report

_MOST_ISSUES: Final = 3
_PLACE: Final = re.compile(r"Bundle\.entry\[(\d+)\]")


class _Text(msgspec.Struct):
    text: str | None = None


class _Issue(msgspec.Struct):
    severity: str = ""
    code: str = ""
    diagnostics: str | None = None
    details: _Text | None = None
    expression: list[str] = []


class _Outcome(msgspec.Struct):
    issue: list[_Issue] = []


class _Response(msgspec.Struct):
    status: str = ""
    outcome: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class _AnswerEntry(msgspec.Struct):
    response: _Response = msgspec.field(default_factory=_Response)


class _AnswerBundle(msgspec.Struct):
    entry: list[_AnswerEntry] = []


_outcome: Final = msgspec.json.Decoder(_Outcome)
_bundle: Final = msgspec.json.Decoder(_AnswerBundle)


def record(report: Report, parcel: Parcel, answer: Answer) -> None:
    """Tells the report what became of each entry of a parcel that was answered with success."""
    if not parcel.is_bundle:
        entry = parcel.entries[0]
        report.stored(entry.resource_type, _done(entry, answer.status))
        return
    try:
        answered = _bundle.decode(answer.body).entry
    except msgspec.MsgspecError:
        answered = []
    if len(answered) != len(parcel.entries):
        said = f"the answer is no Bundle with {len(parcel.entries)} entries; whether they are stored is unknown"
        report.failure(Failure(parcel.origin, "", answer.status, said), _types(parcel))
        return
    for entry, one in zip(parcel.entries, answered, strict=True):
        status = int(one.response.status[:3]) if one.response.status[:3].isdecimal() else 0
        if 200 <= status < 300:
            if entry.method not in ("GET", "HEAD"):
                report.stored(entry.resource_type, _done(entry, status))
        else:
            said = _diagnostics(bytes(one.response.outcome)) or "failed"
            report.failure(Failure(parcel.origin, entry.place, status, said), (entry.resource_type,))


def record_failure(report: Report, parcel: Parcel, answer: Answer) -> None:
    """Tells the report that nothing of a parcel is stored."""
    if answer.status == 0:
        said = answer.body.decode(errors="replace")
        if not parcel.repeatable:
            said += "; perhaps it was stored all the same, so look before you load it again"
    else:
        said = _diagnostics(answer.body) or "no OperationOutcome"
    report.failure(Failure(parcel.origin, _place(parcel, answer), answer.status, said), _types(parcel))


def _types(parcel: Parcel) -> list[str]:
    return [entry.resource_type for entry in parcel.entries if entry.method not in ("GET", "HEAD")]


def _done(entry: Entry, status: int) -> str:
    if entry.method == "DELETE":
        return DELETED
    if status == 201:
        return CREATED
    # A create that was answered with 200 was conditional and found its resource.
    return FOUND if entry.method == "POST" else UPDATED


def _issues(body: bytes) -> list[_Issue]:
    try:
        return _outcome.decode(body).issue
    except msgspec.MsgspecError:
        return []


def _diagnostics(body: bytes) -> str:
    issues = [issue for issue in _issues(body) if issue.severity in ("fatal", "error")] or _issues(body)
    said = []
    for issue in issues[:_MOST_ISSUES]:
        words = issue.diagnostics or (issue.details.text if issue.details else None) or issue.code
        where = f" ({', '.join(issue.expression)})" if issue.expression else ""
        said.append(words + where)
    more = len(issues) - _MOST_ISSUES
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")


def _place(parcel: Parcel, answer: Answer) -> str:
    """The entry that the outcome names, else the only one."""
    if len(parcel.entries) == 1:
        return parcel.entries[0].place
    for issue in _issues(answer.body):
        for expression in issue.expression:
            found = _PLACE.match(expression)
            if found is not None and int(found[1]) < len(parcel.entries):
                return parcel.entries[int(found[1])].place
    return ""
