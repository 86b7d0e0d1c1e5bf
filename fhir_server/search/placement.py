"""Decides where a leaf is answered on one source: in columns of the row, in child rows, in index rows, or in several.

The placed tree is what `conditions` turns into SQL, node by node. Index rows and child rows are reached in one of two
forms:

* `exists`: a correlated EXISTS. Alone in an And, PostgreSQL makes a semi-join of it; beside an equality that leaves
  few rows, it is one cheap look-up for each of them.
* `array`: `key = ANY(ARRAY(SELECT …))`, evaluated once. Inside an Or it is the one form that can join a bitmap with
  the other alternatives' indexes. A row that is tested against it is compared with each key in turn, so it is for few.
* `hashed`: `key IN (SELECT …)`, evaluated once inside an Or: for dates, which may have as many keys as the table.

`fences` adds a third one, `fenced`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fhir_server.mapping.source import (
    NamesColumn,
    ReferenceColumn,
    Source,
    StringColumn,
    Through,
    TokenColumn,
    VersionColumn,
)
from fhir_server.search.expression import And, Expression, Leaf, Link, Not, Nothing, Numbered, Or, Shape
from fhir_server.search.together import Together
from fhir_server.search.types import ON_COLUMN, AnyColumn, index_table
from fhir_server.search.types.compartment import IdentityColumn, Member
from fhir_server.search.types.date import Date, InstantColumn, has_far_end
from fhir_server.search.types.reference import Reference
from fhir_server.search.types.text import FullText
from fhir_server.search.types.token import Token

EXISTS, ARRAY, HASHED, AMONG, FENCED = "exists", "array", "hashed", "among", "fenced"
ALL, SHORT, LONG = "all", "short", "long"

_REFERENCES = ReferenceColumn | NamesColumn | VersionColumn

MOST_HALVED = 2
"""Conditions of one search that are asked of columns and of index rows apart; each adds a search."""


@dataclass(frozen=True, slots=True)
class OnColumn(Expression):
    """A leaf on one SQL column; several `columns` describe the same one. `form` matters for child rows only."""

    number: int
    leaf: Leaf
    columns: tuple[AnyColumn, ...]
    form: str = EXISTS

    def shape(self) -> Shape:
        return ("column", self.leaf.shape(), self.form)

    def __str__(self) -> str:
        through = self.columns[0].through if hasattr(self.columns[0], "through") else None
        return f"(column {self.leaf}{f' {self.form} {through.table.name}' if through is not None else ''})"


@dataclass(frozen=True, slots=True)
class OnInterval(Expression):
    """Conditions on the one value of a date in the row's own columns.

    `reach` may leave out values without an end of their own, which are short, or those with one, which may be long.
    """

    parts: tuple[OnColumn, ...]
    reach: str = ALL

    def shape(self) -> Shape:
        return ("interval", self.reach, *(part.shape() for part in self.parts))

    def __str__(self) -> str:
        return f"(interval {self.reach} {' '.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class OnRows(Expression):
    """Leaves of one parameter on its index rows, one row satisfying any of them, or `every` one."""

    leaves: tuple[Numbered, ...]
    form: str = EXISTS
    every: bool = False

    def shape(self) -> Shape:
        return ("rows", self.form, self.every, *(leaf.shape() for leaf in self.leaves))

    def __str__(self) -> str:
        return f"(rows {self.form}{' every' if self.every else ''} {' '.join(map(str, self.leaves))})"


@dataclass(frozen=True, slots=True)
class Linked(Expression):
    """A link: each way to follow it is an EXISTS of its own, or the row's key is among those that all ways give."""

    link: Link
    form: str = AMONG

    def shape(self) -> Shape:
        return ("linked", self.form, self.link.shape())

    def __str__(self) -> str:
        return f"(linked {self.form} {self.link})"


def own_columns(source: Source, parameter: str) -> tuple[AnyColumn, ...]:
    """The columns of a source that answer a parameter, with those that every row has."""
    if parameter in source.columns:
        return tuple(source.columns[parameter])
    if parameter == "_id":
        return (TokenColumn(source.table.c.fhir_id, complete=True),)
    if parameter == "_lastUpdated":
        return (InstantColumn(source.table.c.updated_at),)
    return ()


def place(expression: Expression, source: Source, few: bool = False) -> Expression:
    """The placed form of a numbered tree on `source`; `few` when something else leaves few rows already."""
    parts = expression.parts if isinstance(expression, And) else (expression,)
    chosen = [part for part in parts if _is_selective(part, source)]
    # A membership leaves few rows only if it may look up its own ones first.
    by_member = not few and bool(chosen) and all(map(_is_membership, chosen))
    form = EXISTS if few or chosen else ARRAY
    placed = tuple(
        _place(part, source, ARRAY if by_member and _is_membership(part) else form, inside=False) for part in parts
    )
    return And(placed) if isinstance(expression, And) else placed[0]


def _is_membership(node: Expression) -> bool:
    return isinstance(node, Numbered) and isinstance(node.leaf, Member)


def _place(node: Expression, source: Source, form_in_or: str, inside: bool) -> Expression:
    match node:
        case And(parts):
            return And(tuple(_place(part, source, form_in_or, inside) for part in parts))
        case Or(parts):
            alternatives = _alternatives(parts, source, form_in_or)
            return _any_of(alternatives, form_in_or if inside else None)
        case Not(part):
            return Not(_place(part, source, EXISTS, inside=True))
        case Link():
            return Linked(node, EXISTS if inside or form_in_or == EXISTS else AMONG)
        case Together(parts):
            return _any_of(list(_looked_up_together(parts, source)), form_in_or if inside else None, form_in_or)
        case Numbered():
            return _any_of(list(_looked_up((node,), source)), form_in_or if inside else None, form_in_or)
    return node


def _alternatives(parts: tuple[Expression, ...], source: Source, form: str) -> list[Expression]:
    """The placed alternatives of an Or; leaves of one parameter share one look at its index rows."""
    groups: dict[object, list[Numbered]] = {}
    for part in parts:
        if isinstance(part, Numbered):
            groups.setdefault((part.leaf.parameter, index_table(part.leaf)), []).append(part)
    placed = [alternative for group in groups.values() for alternative in _looked_up(tuple(group), source)]
    others = [_place(part, source, form, inside=True) for part in parts if not isinstance(part, Numbered)]
    return (
        [_formed(alternative, form) for alternative in placed] + others if len(placed + others) > 1 else placed + others
    )


def _any_of(alternatives: list[Expression], form: str | None, form_in_or: str = ARRAY) -> Expression:
    if not alternatives:
        return Nothing()
    if len(alternatives) == 1:
        return _formed(alternatives[0], form or EXISTS)
    return Or(tuple(_formed(alternative, form_in_or) for alternative in alternatives))


def _formed(node: Expression, form: str) -> Expression:
    if isinstance(node, OnRows) and form == ARRAY and isinstance(node.leaves[0].leaf, Date):
        return replace(node, form=HASHED)
    return replace(node, form=form) if isinstance(node, OnColumn | OnRows) else node


def _looked_up(leaves: tuple[Numbered, ...], source: Source) -> Iterator[Expression]:
    """Everywhere that the leaves, all of one parameter, may be answered."""
    for numbered in leaves:
        for columns in _grouped(_columns_of(numbered.leaf, source)):
            if answers(numbered.leaf, columns[0]):
                yield OnColumn(numbered.number, numbered.leaf, columns)
    beyond = tuple(numbered for numbered in leaves if not _held(numbered.leaf, source))
    if beyond:
        yield OnRows(beyond)


def _looked_up_together(leaves: tuple[Numbered, ...], source: Source) -> Iterator[Expression]:
    """Everywhere that the one value which all leaves ask for may be."""
    for columns in _grouped(_columns_of(leaves[0].leaf, source)):
        if all(answers(numbered.leaf, columns[0]) for numbered in leaves):
            yield OnInterval(tuple(OnColumn(numbered.number, numbered.leaf, columns) for numbered in leaves))
    if not _held(leaves[0].leaf, source):
        yield OnRows(leaves, every=True)


def _columns_of(leaf: Leaf, source: Source) -> tuple[AnyColumn, ...]:
    if not isinstance(leaf, Member):
        return own_columns(source, leaf.parameter)
    owned = [column for code in leaf.parameters(source.resource_type) for column in own_columns(source, code)]
    found = [column for column in owned if isinstance(column, _REFERENCES) and column.target_type == leaf.parameter]
    distinct = {str((column.column, getattr(column, "through", None))): column for column in found}
    return (*_identity(leaf, source), *distinct.values())


def _identity(leaf: Member, source: Source) -> tuple[IdentityColumn, ...]:
    if not leaf.itself or not (source.generic or source.resource_type == leaf.parameter):
        return ()
    return (IdentityColumn(source.table.c.fhir_id, source.table.c.resource_type if source.generic else None),)


def answers(leaf: Leaf, column: AnyColumn) -> bool:
    """Whether a kind of column can answer a kind of leaf."""
    return (type(leaf), type(column)) in ON_COLUMN or (isinstance(leaf, Token) and isinstance(column, TokenColumn))


def _held(leaf: Leaf, source: Source) -> bool:
    """Whether the columns hold all that the leaf may find, so that no index rows need be looked at."""
    if source.log:
        return True  # what its columns do not say, it does not say
    if leaf.only_rows or (isinstance(leaf, Member) and source.generic):
        return False
    return all(
        (columns := own_columns(source, code)) and all(column.complete for column in columns)
        for code in leaf.parameters(source.resource_type)
    )


def _grouped(columns: Sequence[AnyColumn]) -> list[tuple[AnyColumn, ...]]:
    """Columns that one look answers together: systems of one SQL column, and kinds of one table's child rows."""
    groups: dict[object, list[AnyColumn]] = {}
    for number, column in enumerate(columns):
        groups.setdefault(_group_key(column, number), []).append(column)
    return [tuple(group) for group in groups.values()]


def _group_key(column: AnyColumn, number: int) -> object:
    match column:
        case TokenColumn(sql_column, system_column=None, through=through, where=where):
            return id(sql_column), id(through), id(where)
        case StringColumn(sql_column, normal, Through(table, key, parent_key)):
            return id(sql_column), id(normal), table.fullname, key, parent_key
    return number


def _is_selective(node: Expression, source: Source) -> bool:
    """Whether the condition, alone in an And, leaves few rows: an id, or a reference held in a column."""
    if not isinstance(node, Numbered):
        return False
    leaf, columns = node.leaf, own_columns(source, node.leaf.parameter)
    if isinstance(leaf, Member) or (isinstance(leaf, Token) and leaf.parameter == "_id"):
        return True
    return isinstance(leaf, Reference) and len(columns) == 1 and columns[0].complete and answers(leaf, columns[0])


def halves(expression: Expression, source: Source) -> tuple[Expression, ...]:
    """Placed trees whose results are disjoint and together those of the numbered tree.

    What is partly held (`code` in the column or in index rows) can follow no index and no order. Where nothing else is
    selective, it becomes two searches that can: by the column; and by index rows, of rows that the column does not
    match.
    """
    placed = place(expression, source)
    parts = expression.parts if isinstance(expression, And) else (expression,)
    if any(_is_selective(part, source) for part in parts):
        return (placed,)
    return tuple(_halved(placed, MOST_HALVED))


def _halved(placed: Expression, most: int) -> Iterator[Expression]:
    pieces = placed.parts if isinstance(placed, And) else (placed,)
    splits = {at: split for at, piece in enumerate(pieces) if most and (split := _split(piece)) is not None}
    if not splits:
        yield placed
        return
    position = min(splits, key=lambda at: (_is_date(splits[at][0]), at))
    on_columns, on_rows = splits[position]
    before, behind = pieces[:position], pieces[position + 1 :]
    held = on_columns[0] if len(on_columns) == 1 else Or(on_columns)
    for one in _reaches(on_columns) or (held,):
        yield from _halved(And((*before, one, *behind)), most - 1)
    beyond = (replace(on_rows, form=EXISTS), *(Not(part) for part in on_columns))
    yield And((*map(_looked_up_alone, before), *beyond, *map(_looked_up_alone, behind)))


def _looked_up_alone(piece: Expression) -> Expression:
    """The piece for few rows: index rows are looked up for each."""
    return Or(tuple(_formed(part, EXISTS) for part in piece.parts)) if isinstance(piece, Or) else piece


def _split(piece: Expression) -> tuple[tuple[OnColumn | OnInterval, ...], OnRows] | None:
    """The alternatives of a piece whose columns an index has in order, as `split` gives them."""
    found = split(piece)
    return found if found is not None and all(map(_is_in_order, found[0])) else None


def split(piece: Expression) -> tuple[tuple[OnColumn | OnInterval, ...], OnRows] | None:
    """The alternatives of a piece on the row's own columns and the one on index rows, if it has both and no others."""
    parts = piece.parts if isinstance(piece, Or) else ()
    on_columns = tuple(
        part
        for part in parts
        if isinstance(part, OnInterval) or (isinstance(part, OnColumn) and through_of(part) is None)
    )
    on_rows = [part for part in parts if isinstance(part, OnRows)]
    return (on_columns, on_rows[0]) if on_columns and len(on_rows) == 1 and len(on_columns) + 1 == len(parts) else None


def _is_in_order(one: OnColumn | OnInterval) -> bool:
    return isinstance(one, OnInterval) or isinstance(one.leaf, Token | Reference | Date)


def _is_date(on_columns: Sequence[OnColumn | OnInterval]) -> bool:
    return any(isinstance(one, OnInterval) or isinstance(one.leaf, Date) for one in on_columns)


def _reaches(on_columns: tuple[OnColumn | OnInterval, ...]) -> tuple[OnInterval, ...]:
    """Short and long intervals apart, where an end is asked for: only of the short ones an index knows it."""
    match on_columns:
        case (OnColumn(leaf=Date()) as only,):
            one = OnInterval((only,))
        case (OnInterval() as interval,):
            one = interval
        case _:
            return ()
    if not has_far_end([part.leaf for part in one.parts], one.parts[0].columns[0]):
        return ()
    return replace(one, reach=SHORT), replace(one, reach=LONG)


def through_of(placed: OnColumn) -> object:
    """The child rows that hold the column, or None where the row itself does."""
    return getattr(placed.columns[0], "through", None)


def looks_at_words(expression: Expression) -> bool:
    """Whether any part of a placed tree consults the words of resources."""
    match expression:
        case OnRows(leaves):
            return any(isinstance(one.leaf, FullText) for one in leaves)
        case And(parts) | Or(parts):
            return any(map(looks_at_words, parts))
        case Not(part):
            return looks_at_words(part)
    return False


def looks_at_rows(expression: Expression) -> bool:
    """Whether any part of a placed tree consults index rows."""
    match expression:
        case OnRows():
            return True
        case And(parts) | Or(parts):
            return any(map(looks_at_rows, parts))
        case Not(part):
            return looks_at_rows(part)
    return False
