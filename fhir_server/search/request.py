"""A search as understood: what `parse` makes of a query and everything later works from.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_server.search.expression import Anything, Expression
from fhir_server.search.query import encode_query


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of `_sort`; `kind` is the parameter's type.

    `via` are the references that lead to the resource whose parameter it is, each with the types it may go to.
    """

    parameter: str
    kind: str
    descending: bool = False
    via: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{'.'.join((*(code for code, _ in self.via), self.parameter))}"


ANY_TYPE = "*"


@dataclass(frozen=True, slots=True)
class Include:
    """The references of `source_type` under `parameters` to `target_types`; followed back if `reverse`.

    Followed from the matches, with `iterate` also from what was included. The source ANY_TYPE is all references of all
    types, whatever their parameters.
    """

    source_type: str
    parameters: tuple[str, ...]
    target_types: tuple[str, ...]
    reverse: bool = False
    iterate: bool = False

    @property
    def is_any(self) -> bool:
        """Whether all references are followed."""
        return self.source_type == ANY_TYPE

    @property
    def types(self) -> tuple[str, ...]:
        """The types at either end."""
        return self.target_types if self.is_any else (*self.target_types, self.source_type)

    @property
    def end_types(self) -> tuple[str, ...]:
        """The types of what is included."""
        if self.is_any:
            return self.target_types
        return (self.source_type,) if self.reverse else self.target_types


ANYTHING = Anything()


@dataclass(frozen=True, slots=True)
class Search:
    """One search. `count` None is the default page size; `summary` is true, text, data, count or None.

    `used` are the parameters that took part, in order, for the self link; `warnings` say what was ignored and why.
    `contained` is false, true or both, `contained_type` what is returned of what is found inside: the container, or it
    (contained).
    """

    types: tuple[str, ...]
    criteria: Expression = ANYTHING
    sort: tuple[SortKey, ...] = ()
    count: int = 50
    includes: tuple[Include, ...] = ()
    total: str | None = None
    summary: str | None = None
    elements: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    used: tuple[tuple[str, str], ...] = ()
    contained: str = "false"
    contained_type: str = "container"

    @property
    def contains(self) -> bool:
        """Whether contained resources are looked at."""
        return self.contained != "false"

    @property
    def returns_contained(self) -> bool:
        """Whether contained resources themselves are returned."""
        return self.contains and self.contained_type == "contained"

    def self_query(self) -> str:
        """The query string of a GET search that does what this one did."""
        return encode_query(self.used)
