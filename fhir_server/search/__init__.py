"""FHIR search: a query string becomes a tree, the tree one SQL statement, and its rows a page.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from fhir_server.search.contained import has_chains, refuse_uncontained
from fhir_server.search.counts import estimated_total
from fhir_server.search.custom import IncompleteParameter, added_parameters
from fhir_server.search.expression import And, Anything, Expression, Not, Nothing, Or, linked_types
from fhir_server.search.iteration import MAX_DEPTH, MAX_INCLUDED
from fhir_server.search.parse import parse
from fhir_server.search.query import Limits, Query, parse_query
from fhir_server.search.request import Include, Search, SortKey
from fhir_server.search.rows import CAPPED, INCLUDE, MATCH, PENDING, RESOURCE_COLUMNS
from fhir_server.search.statements import Statement, Statements
from fhir_server.search.types import Reading
from fhir_server.search.types.compartment import in_compartment, in_record, member_types, record_types
from fhir_server.search.visibility import Everything, Visibility

__all__ = [
    "CAPPED",
    "INCLUDE",
    "MATCH",
    "MAX_DEPTH",
    "MAX_INCLUDED",
    "PENDING",
    "RESOURCE_COLUMNS",
    "And",
    "Anything",
    "Everything",
    "Expression",
    "Include",
    "IncompleteParameter",
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
    "added_parameters",
    "estimated_total",
    "has_chains",
    "in_compartment",
    "in_record",
    "linked_types",
    "member_types",
    "parse",
    "parse_query",
    "record_types",
    "refuse_uncontained",
]
