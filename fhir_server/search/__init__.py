"""FHIR search: a query string becomes a tree, the tree one SQL statement, and its rows a page.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from fhir_server.search.counts import estimated_total
from fhir_server.search.expression import And, Anything, Expression, Not, Nothing, Or
from fhir_server.search.parse import parse
from fhir_server.search.query import Limits, Query, parse_query
from fhir_server.search.request import Include, Search, SortKey
from fhir_server.search.rows import INCLUDE, MATCH, PENDING, RESOURCE_COLUMNS
from fhir_server.search.statements import Statement, Statements
from fhir_server.search.types import Reading
from fhir_server.search.visibility import Everything, Visibility

__all__ = [
    "INCLUDE",
    "MATCH",
    "PENDING",
    "RESOURCE_COLUMNS",
    "And",
    "Anything",
    "Everything",
    "Expression",
    "Include",
    "Limits",
    "Not",
    "Nothing",
    "Or",
    "Query",
    "Reading",
    "Search",
    "SortKey",
    "Statement",
    "Statements",
    "Visibility",
    "estimated_total",
    "parse",
    "parse_query",
]
