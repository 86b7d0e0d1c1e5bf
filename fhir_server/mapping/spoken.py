"""What a column or a JSON member says, as SQL: the rules of `primitives` and `conform` for predicates.

https://www.postgresql.org/docs/current/functions-matching.html
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Numeric, Text, and_, any_, case, cast, func, literal_column, not_, or_
from sqlalchemy.dialects.postgresql import JSONB

from fhir_server.mapping.primitives import MAX_DIGITS

Sql = ColumnElement[Any]

# The white space of Unicode, which Python's strip() takes away and normal forms leave out.
_SPACES = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000"
_NOT_BLANK: Sql = literal_column(f"'[^{_SPACES}]'")
_PAGE_BREAK: Sql = literal_column(r"'[\u000b\u000c]'")
_URI: Sql = literal_column(r"'^[^ \t\n\r\f\v]+$'")
_CODE: Sql = literal_column(r"'^[^ \t\n\r\f\v]+( [^ \t\n\r\f\v]+)*$'")
_NO_ID: Sql = literal_column("'[^-.A-Za-z0-9]'")
_NOTHING: Sql = literal_column("'{}'")
_OBJECT: Sql = literal_column("'object'")
_ARRAY: Sql = literal_column("'array'")
_NUMBER: Sql = literal_column("'number'")
_STRING: Sql = literal_column("'string'")
_SCALARS: Sql = literal_column("'{string,number}'::text[]")


def is_text(column: Sql) -> Sql:
    """A text that FHIR can say; not NULL where it is not."""
    return func.coalesce(column.bool_op("~")(_NOT_BLANK), False)


def is_token(column: Sql) -> Sql:
    """A text that FHIR can say without altering it."""
    return and_(is_text(column), ~column.bool_op("~")(_PAGE_BREAK))


def is_code(column: Sql) -> Sql:
    """A text that is a legal code."""
    return and_(is_text(column), column.bool_op("~")(_CODE))


def ascii_lower(column: Sql) -> Sql:
    """A text with A to Z in lower case, whatever the database's locale."""
    return func.lower(column.collate("C"))


def is_uri(column: Sql) -> Sql:
    """A text that is a legal uri."""
    return and_(is_text(column), column.bool_op("~")(_URI))


def is_no_id(column: Sql) -> Sql:
    """A text that FHIR does not allow as a logical id."""
    length = func.octet_length(column)
    return or_(column.bool_op("~")(_NO_ID), not_(length.between(literal_column("1"), literal_column("64"))))


def trimmed(column: Sql) -> Sql:
    """A text without the blanks around it."""
    return func.trim(column)


def replaced(text: Sql, old: str, new: str) -> Sql:
    """A text with one character replaced; for constants of the declarations only."""
    return func.replace(text, literal_column(f"'{old}'"), literal_column(f"'{new}'"))


def bare(text: Sql, *removed: str) -> Sql:
    """`text` without the characters in `removed`."""
    for character in removed:
        text = replaced(text, character, "")
    return text


def member(node: Sql, name: str | int) -> Sql:
    """A member of a JSON object, or an item of an array."""
    key: Sql = literal_column(str(name) if isinstance(name, int) else f"'{name}'")
    return node.op("->", return_type=JSONB())(key)


def has_member(node: Sql, name: str) -> Sql:
    """Whether a JSON object has a member."""
    return and_(is_object(node), node.bool_op("?")(literal_column(f"'{name}'")))


def is_object(node: Sql) -> Sql:
    """Whether a JSON value is an object."""
    return func.jsonb_typeof(node) == _OBJECT


def is_array(node: Sql) -> Sql:
    """Whether a JSON value is an array."""
    return func.jsonb_typeof(node) == _ARRAY


def is_string(node: Sql) -> Sql:
    """Whether a JSON value is a string."""
    return func.jsonb_typeof(node) == _STRING


def json_text(node: Sql) -> Sql:
    """A JSON string or number as FHIR string; NULL for anything else and for blanks."""
    return _matching(node, is_text)


def json_token(node: Sql) -> Sql:
    """A JSON string or number as a string that is searched as it is."""
    return _matching(node, is_token)


def json_code(node: Sql) -> Sql:
    """A JSON string or number as FHIR code."""
    return _matching(node, is_code)


def json_uri(node: Sql) -> Sql:
    """A JSON string or number as FHIR uri."""
    return _matching(node, is_uri)


def json_number(node: Sql) -> Sql:
    """A JSON number, or a string that is written like one, as numeric; NULL where `primitives.is_writable` says no."""
    text = _raw(node)
    number = func.fhir_numeric(text)
    digits = func.length(bare(cast(number, Text), "-", "."))
    return case((and_(_is_scalar(node), func.length(text) <= MAX_DIGITS + 2, digits <= MAX_DIGITS), number))


def plain_number(node: Sql) -> Sql:
    """The number that a JSON node is, NULL where it is none: cheap, and never an error, so fit for an index."""
    return case((func.jsonb_typeof(node) == _NUMBER, cast(node, Numeric)))


def is_no_number(node: Sql) -> Sql:
    """Whether a JSON node is missing or anything but a number; never NULL."""
    return func.jsonb_typeof(node).is_distinct_from(_NUMBER)


def is_only(node: Sql, name: str) -> Sql:
    """Whether a JSON value is an object with this one member; not NULL."""
    rest = node.op("-", return_type=JSONB())(literal_column(f"'{name}'::text"))
    return case((has_member(node, name), rest == literal_column("'{}'::jsonb")), else_=False)


def items(node: Sql) -> Sql:
    """A JSON array as it is, any other value as the array of it: what a set-returning function can take apart."""
    return case(
        (is_array(node), node), (node.is_(None), literal_column("'[]'::jsonb")), else_=func.jsonb_build_array(node)
    )


def _matching(node: Sql, legal: Any) -> Sql:
    text = _raw(node)
    return case((and_(_is_scalar(node), legal(text)), text))


def _raw(node: Sql) -> Sql:
    return node.op("#>>")(_NOTHING)


def _is_scalar(node: Sql) -> Sql:
    return func.jsonb_typeof(node) == any_(_SCALARS)
