"""What all parts of one statement share while it is compiled: the trees, the numbers of their leaves, the parameters.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, false, true
from sqlalchemy.sql import FromClause, Select
from sqlalchemy.sql.elements import False_, True_

from fhir_server.search.binds import Binds
from fhir_server.search.branches import Branch, SourcesOf, branches, without_logs
from fhir_server.search.conditions import condition
from fhir_server.search.costs import binds_few
from fhir_server.search.expression import (
    And,
    Anything,
    Expression,
    Guarded,
    Leaf,
    Link,
    Not,
    Numbered,
    Or,
    leaves,
    numbered,
)
from fhir_server.search.fences import fenced
from fhir_server.search.hierarchy import tree_of
from fhir_server.search.links import Way, followed, ways
from fhir_server.search.placement import Linked, halves, looks_at_rows, looks_at_words, place
from fhir_server.search.together import together
from fhir_server.search.types.compartment import Member
from fhir_server.search.types.hierarchy import Hierarchical
from fhir_server.search.types.reference import Reference, VersionedReference
from fhir_server.search.types.token import Token
from fhir_server.search.visibility import Seen


def all_leaves(criteria: Expression, seen: Seen) -> tuple[Leaf, ...]:
    """The leaves of the criteria and of what is visible, in the order of their numbers."""
    return (*leaves(criteria), *(leaf for tree in seen.conditions for leaf in leaves(tree)))


class Compilation:
    """Built for one statement; the criteria and what is visible are numbered once for all its branches."""

    def __init__(
        self, criteria: Expression, seen: Seen, sources_of: SourcesOf, logs_of: SourcesOf = without_logs
    ) -> None:
        numbers = count()
        self.sources_of, self._logs_of = sources_of, logs_of
        self.condition_of = seen.condition_of
        unguarded = numbered(criteria, numbers)
        self.visible = tuple(numbered(tree, numbers) for tree in seen.conditions)
        self.criteria = self.guarded(unguarded)
        self.binds = Binds(all_leaves(criteria, seen))
        self.binds.tree = self._tree
        self._asked = len(tuple(leaves(criteria)))
        self._trees: dict[int, CTE] = {}
        self._few: dict[str, CTE] = {}
        self.consulted: dict[Hashable, Branch] = {}
        """Table branches whose index rows some part looks at, by source number, and branches whose words it looks at,
        by table: neither may lag behind."""

    def branches(self, types: Iterable[str]) -> tuple[Branch, ...]:
        """The branches of these types, each of types that are seen alike."""
        return tuple(piece for branch in branches(types, self.sources_of) for piece in self._seen_alike(branch))

    def searched(self, types: Iterable[str]) -> tuple[Branch, ...]:
        """As `branches`, with the logs of a type that is asked for alone, as far as the criteria let them be searched.

        Logs would drown all else in a search of many types.
        """
        named = tuple(types)
        logs = self.logs(named[0]) if len(named) == 1 else ()
        asked = (one for one in logs if not one.source.needs or asks_for(self.criteria, one.source.needs))
        return (*asked, *self.branches(named))

    def logs(self, resource_type: str) -> tuple[Branch, ...]:
        """The logs whose rows are resources of a type."""
        return tuple(Branch(source, (resource_type,)) for source in self._logs_of(resource_type))

    def _seen_alike(self, branch: Branch) -> Iterable[Branch]:
        return (Branch(branch.source, types) for types in self._alike(branch.types))

    def _alike(self, types: Iterable[str]) -> Iterable[tuple[str, ...]]:
        groups: dict[int, list[str]] = {}
        for resource_type in types:
            groups.setdefault(self.condition_of[resource_type], []).append(resource_type)
        return map(tuple, groups.values())

    def guarded(self, expression: Expression) -> Expression:
        """The numbered tree with what is visible of their types asked of all resources at the ends of its links.

        What is visible may itself depend on links; these count as they are, or nothing could ever be told.
        """
        match expression:
            case And(parts):
                return And(tuple(map(self.guarded, parts)))
            case Or(parts):
                return Or(tuple(map(self.guarded, parts)))
            case Not(part):
                return Not(self.guarded(part))
            case Link(parameters, alternatives, reverse):
                guarded = [
                    (alike, Guarded(asked, self._visible_of(alike)))
                    for types, asked in ((types, self.guarded(inner)) for types, inner in alternatives)
                    for alike in self._alike(types)
                ]
                return Link(parameters, tuple(guarded), reverse)
        return expression

    def _visible_of(self, types: tuple[str, ...]) -> Expression:
        return self.visible[self.condition_of[types[0]]]

    def _wanted(self, branch: Branch) -> Expression:
        """The criteria and what is visible of the branch as one And."""
        return together(_both(self.criteria, self._visible_of(branch.types)), branch.types)

    def matches(self, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        """The condition that a row is a visible match."""
        return self.where(place(self._wanted(branch), branch.source), row, branch)

    def halves(self, branch: Branch) -> tuple[Expression, ...]:
        """The criteria and what is visible as placed trees of disjoint matches, each able to follow an index."""
        return halves(self._wanted(branch), branch.source)

    def is_bound(self, branch: Branch) -> bool:
        """Whether one condition leaves few resources, whatever the tables hold."""
        wanted = self._wanted(branch)
        return any(map(binds_few, wanted.parts if isinstance(wanted, And) else (wanted,)))

    def few(self, keys: Select[Any], limit: ColumnElement[int]) -> CTE:
        """At most so many of the keys, as a relation of the statement; equal keys are one relation."""
        chosen = keys.limit(limit)
        text = str(chosen)
        if text not in self._few:
            self._few[text] = chosen.cte(f"few{len(self._few)}")
        return self._few[text]

    def names(self, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        """The condition that a row, deleted or not, is a visible match; for criteria that columns answer, as the id."""
        return self.where_deleted_or_not(place(self._wanted(branch), branch.source), row, branch)

    def is_visible(self, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        """The condition that a row is not deleted and visible."""
        return self.where(place(self._visible_of(branch.types), branch.source, few=True), row, branch)

    def fulfils(self, wanted: Expression, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        """The condition that an undeleted row is what a numbered or guarded tree asks for."""
        if isinstance(wanted, Guarded):
            if branch.is_contained:
                # It is there as long as its container is, of which no more than a few are looked into.
                return self.where_deleted_or_not(place(wanted.asked, branch.source, few=True), row, branch)
            wanted = _both(wanted.asked, wanted.visible)
        return self.where(place(wanted, branch.source), row, branch)

    def ways(self, link: Link, row: FromClause, branch: Branch) -> tuple[Way, ...]:
        """The ways to follow a link from a row to what is visible at its end."""
        guarded = self.guarded(link)
        return tuple(ways(guarded, row, branch, self)) if isinstance(guarded, Link) else ()

    def where(self, placed: Expression, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        """A placed tree as the condition on an undeleted row of the branch's types."""
        self.looks_at(placed, branch)
        return _all(row.c.deleted_at.is_(None), self.where_deleted_or_not(placed, row, branch))

    def looks_at(self, placed: Expression, branch: Branch) -> None:
        """Notes what a placed tree consults of the branch."""
        if looks_at_rows(placed):
            self.consults(branch)
        if looks_at_words(placed):
            self.consults_words(branch)

    def where_deleted_or_not(self, placed: Expression, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        """As `where`, also for deleted rows, whose fate a read must tell."""
        return _all(*branch.of_types(row), condition(fenced(placed), row, branch, self.binds, self._follow))

    def _tree(self, number: int) -> CTE:
        """The tree of a Hierarchical leaf; what is visible counts as it is, as for links."""
        if number not in self._trees:
            leaf = self.binds.leaves[number]
            if not isinstance(leaf, Hierarchical):
                raise AssertionError("only hierarchical leaves have trees")
            visible = self._visible_of(leaf.linked()) if number < self._asked else Anything()
            self._trees[number] = tree_of(leaf, self.binds.of(number), visible, self)
        return self._trees[number]

    def _follow(self, linked: Linked, row: FromClause, branch: Branch) -> ColumnElement[bool]:
        return followed(linked, row, branch, self)

    def consults(self, branch: Branch) -> None:
        """Notes that the statement looks at index rows of the branch."""
        if not branch.source.generic and not branch.source.log:
            self.consulted.setdefault(branch.source.number, branch)

    def consults_words(self, branch: Branch) -> None:
        """Notes that the statement looks at the words of the branch's resources; generic ones may lag behind too."""
        # Sources have numbers from 0; all generic ones of a store have one queue.
        place = (branch.store.name, branch.source.table.name)
        self.consulted.setdefault(place, replace(branch, words=True))


def asks_for(criteria: Expression, codes: frozenset[str]) -> bool:
    """Whether all that the criteria match is named by one of these parameters, or by its owner."""
    match criteria:
        case And(parts):
            return any(asks_for(part, codes) for part in parts)
        case Or(parts):
            return bool(parts) and all(asks_for(part, codes) for part in parts)
        case Numbered(leaf=leaf):
            return asks_for(leaf, codes)
        case Member():
            return True
        case Token() | Reference() | VersionedReference():
            return criteria.parameter in codes
    return False


def _both(*trees: Expression) -> Expression:
    """Both trees as one flat And."""
    parts = [part for tree in trees for part in (tree.parts if isinstance(tree, And) else (tree,))]
    parts = [part for part in parts if not isinstance(part, Anything)]
    return parts[0] if len(parts) == 1 else And(tuple(parts)) if parts else Anything()


def _all(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    if any(isinstance(one, False_) for one in conditions):
        return false()
    return and_(true(), *(one for one in conditions if not isinstance(one, True_)))
