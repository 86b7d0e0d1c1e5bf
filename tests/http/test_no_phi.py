"""Nothing that a caller without PHI rights can reach holds PHI, and no answer depends on any.

https://hl7.org/fhir/R4/security.html. The first is told by canaries: whatever is PHI holds one, and no answer
does. The second by asking everything twice: when all that is PHI has been exchanged meanwhile, no answer has changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fhir_server.definitions import RESOURCE_TYPES, search_parameters
from fhir_server.json_text import encode_json, read_json
from fhir_server.operations import OPERATIONS
from fhir_server.persistence.tables import HISTORY
from fhir_server.resources.minimum_necessary import SHOWN, business_registry
from tests.http.business import CANARY, ODD_CANARIES, as_caller, documents, fill, token_file

pytestmark = pytest.mark.slow

CALLERS: Final = ("maker", "rep")
TYPES: Final = business_registry().resource_types
FOREIGN: Final = {
    "maker": (
        "O-2",
        "O-3",
        "R-2",
        "ord2",
        "ord3",
        "line2",
        "line3",
        "prod2",
        "org2",
        "maker2",
        "Second",
        "doc2",
        "com1",
        "com2",
    ),
    "rep": ("O-2", "R-2", "ord2", "line2", "org2", "Second Clinic", "Second House", "doc2", "rep2", "clinic2", "com2"),
}
"""What belongs to others."""

VALUES: Final = {
    "string": ("Kanarifamily", "kanari", "k"),
    "token": ("kanarimrn1", "8813417", "http://kanari.example/mrn|", "kanari1@mail", "waits for Kanari", "female"),
    "reference": ("Patient/kanaripat1", "kanaripat1", "Patient/Kanari pat/2", "http://kanari.example/x"),
    "date": ("1931-07-19", "lt1932", "2026-01-02"),
    "number": ("881.34",),
    "quantity": ("881.34", "881.35||"),
    "uri": ("http://kanari.example/x",),
    "composite": ("77218-4$kanari",),
    "special": ("kanari",),
    "text": ("kanari", "Kanarifamily or later"),
}
MODIFIERS: Final = {
    "string": ("exact", "contains", "missing"),
    "token": ("not", "text", "of-type", "missing"),
    "reference": ("identifier", "missing"),
    "uri": ("below", "missing"),
    "date": ("missing",),
}
CHAINED: Final = (
    "name=Kanarifamily", "family=kanari", "birthdate=1931-07-19", "identifier=kanarimrn1", "phone=8813417",
    "email=kanari1@mail", "address=Kanari", "gender=female", "_id=kanaripat1", "code=77218-4", "_text=kanari",
)  # fmt: skip
VOLATILE: Final = re.compile(r"_page=[^\"&]*")
ECHO: Final = re.compile(r'"link":\[\{"relation":"self","url":"[^"]*"\}')


@pytest.fixture(scope="module")
def two(
    postgres: str, migrated_template: str, open_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A server over the portal of two makers, and a session of its own."""
    name = f"{migrated_template}_no_phi"
    tokens = token_file(tmp_path_factory.mktemp("tokens"))
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_template}"')
        database = make_conninfo(postgres, dbname=name)
        try:
            with ExitStack() as stack:
                session = stack.enter_context(psycopg.connect(database, autocommit=True))
                fill(session)
                local = stack.enter_context(open_server(database, FHIR_SERVER_BUSINESS_TOKENS=str(tokens)))
                documents(local)
                # The portal goes on after FHIR clients have spoken: rows with documents that lag behind.
                session.execute("UPDATE orders SET notes = 'Kanari last note' WHERE id = 91")
                session.execute("UPDATE product_requests SET notes = 'Kanari last note' WHERE id = 81")
                clients = {who: stack.enter_context(as_caller(type(local), local.base, who)) for who in CALLERS}
                yield SimpleNamespace(local=local, session=session, database=database, **clients)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def addresses(local: Any) -> list[str]:
    """`Type/id` of all that there is, for whomever, and of what there is not."""
    page, found = "/?_count=1000&_lastUpdated=gt1900", []
    for one in local.tree(page)["entry"]:
        found.append(f"{one['resource']['resourceType']}/{one['resource']['id']}")
    assert len(found) > 30
    return [*found, "Task/ord6", "Task/ord7", "Condition/kanaricond"]


def paths(local: Any) -> Iterator[str]:
    """Every GET that may tell something."""
    yield from ("/", "/metadata", "/_history", "/_history?_count=7", "/?_type=Patient,Task,Observation", "/nothing")
    for kind in sorted(RESOURCE_TYPES):
        yield from (f"/{kind}", f"/{kind}/_history", f"/{kind}?_id=kanaripat1,ord1,ord2&_total=accurate")
    for address in addresses(local):
        yield from (f"/{address}", f"/{address}/_history", f"/{address}?_summary=text", f"/{address}/Task")
        yield from (f"/{address}/_history/{version}" for version in (1, 2))
        yield from (f"/{address}/*", f"/{address}?_elements=note,extension,contained,text")
    for operation in OPERATIONS:
        kind = operation.resource_type if operation.resource_type in RESOURCE_TYPES else "Task"
        yield from (f"/${operation.name}", f"/{kind}/${operation.name}", f"/{kind}/ord1/${operation.name}")
    yield from ("/Patient/kanaripat1/$everything", "/Task/ord1/$everything", "/Observation/$lastn?patient=kanaripat1")
    for kind in TYPES:
        yield from searches(kind)
    yield from ("/?_text=kanari", "/?_content=kanari", "/?_list=kanarilist", "/?_sort=-_lastUpdated&_count=3")


def searches(kind: str) -> Iterator[str]:
    """All ways to search a type by what is PHI, or to order, count, include and chain by it."""
    included = []
    for code, parameter in search_parameters(kind).items():
        if code in ("_filter", "near"):
            continue
        values = VALUES.get(parameter.type, ("kanari", "Kanarifamily"))
        yield f"/{kind}?{code}={','.join(values)}&_total=accurate"
        for modifier in MODIFIERS.get(parameter.type, ()):
            yield f"/{kind}?{code}:{modifier}={'true' if modifier == 'missing' else values[0]}"
        yield f"/{kind}?_sort=-{code}&_count=1&_total=estimate"
        if parameter.type == "reference":
            included.append(f"_include:iterate={kind}:{code}")
            chained = CHAINED if "Patient" in parameter.targets else CHAINED[:2]
            yield from (f"/{kind}?{code}.{one}" for one in chained)
            yield from (f"/{kind}?{code}:Patient.family=Kanarifamily", f"/{kind}?_sort={code}:Patient.birthdate")
        if parameter.type in ("string", "token", "date"):
            operator = "lt 1932-01-01" if parameter.type == "date" else "eq kanari"
            yield f"/{kind}?_filter={code} {operator}"
    yield from (
        f"/{kind}?_include=*",
        f"/{kind}?_summary=count",
        f"/{kind}?_list=kanarilist",
        f"/{kind}?_elements=note",
    )
    yield f"/{kind}?_count=2&{'&'.join(included)}"
    for pointing in sorted((*TYPES, *CLINICAL)):
        references = (one for one in search_parameters(pointing).values() if one.type == "reference")
        codes = [one.code for one in references if kind in one.targets]
        if codes:
            yield f"/{kind}?" + "&".join(f"_revinclude={pointing}:{code}" for code in codes)
            yield f"/{kind}?_has:{pointing}:{codes[0]}:_id=kanaritask,kanariprov,kanarilist,ord3"
            yield f"/{kind}?_has:{pointing}:{codes[-1]}:_lastUpdated=gt1900"


CLINICAL: Final = ("Patient", "Observation", "Condition", "Provenance", "List", "Device", "DocumentReference")


def posts() -> Iterator[tuple[str, str, bytes, str]]:
    """What is not a GET, with bodies that name what is there."""
    form, fhir = "application/x-www-form-urlencoded", "application/fhir+json"
    for kind in (*TYPES, "Patient", "Observation"):
        yield "POST", f"/{kind}/_search", b"_content=kanari&_sort=_lastUpdated", form
        yield "POST", f"/{kind}", encode_json({"resourceType": kind, "id": "ord1"}), fhir
        for path in (f"/{kind}/ord1", f"/{kind}/kanaripat1", f"/{kind}?identifier=kanarimrn1"):
            yield "PUT", path, encode_json({"resourceType": kind, "id": "ord1"}), fhir
            yield "PATCH", path, b"[]", "application/json-patch+json"
            yield "DELETE", path, b"", fhir
    yield "POST", "/_search", b"_content=kanari", form
    urls = [
        "Task/ord1",
        "Task/ord2",
        "Patient/kanaripat1",
        "Task?patient.name=kanari",
        "Patient?name=kanari",
        "Task/_history",
    ]
    for kind in ("batch", "transaction"):
        entries = [{"request": {"method": "GET", "url": url}} for url in urls]
        yield "POST", "/", encode_json({"resourceType": "Bundle", "type": kind, "entry": entries}), fhir
    yield "POST", "/Task/$validate", b'{"resourceType": "Task", "for": {"reference": "Patient/kanaripat1"}}', fhir
    yield "POST", "/Task", b"{ not json", fhir


def answers(client: Any, asked: list[str]) -> dict[str, tuple[int, str, str]]:
    """Request → status, body and headers of its answer, and those of the pages after it."""
    found: dict[str, tuple[int, str, str]] = {}
    for path in asked:
        following: str | None = path
        for number in range(2):
            if following is None:
                break
            said = client.get(following, headers={"X-Request-Id": "same"})
            found[f"GET {path} page {number}"] = told(said)
            following = next_page(said, client.base)
    for method, path, body, kind in posts():
        said = client.request(method, path, content=body, headers={"Content-Type": kind, "X-Request-Id": "same"})
        found[f"{method} {path} {len(body)}"] = told(said)
    return found


def told(answer: Any) -> tuple[int, str, str]:
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
    text = answer.text
    if '"mode":"include"' in text:
        # What is included comes in the order in which it lies on the disk.
        tree = read_json(answer.content)
        tree["entry"].sort(key=lambda one: one["fullUrl"] if one["search"]["mode"] == "include" else "")
        text = encode_json(tree).decode()
    return answer.status_code, VOLATILE.sub("", text), VOLATILE.sub("", str(headers))


def next_page(answer: Any, base: str) -> str | None:
    if answer.status_code != 200 or b'"next"' not in answer.content:
        return None
    links = read_json(answer.content).get("link", ())
    return next((one["url"].removeprefix(base) for one in links if one["relation"] == "next"), None)


@pytest.mark.parametrize("who", CALLERS)
def test_no_answer_holds_phi_and_none_depends_on_it(two: Any, who: str) -> None:
    client = getattr(two, who)
    asked = list(paths(two.local))
    before = answers(client, asked)
    assert len(before) > 1200
    statuses = [status for status, _, _ in before.values()]
    assert statuses.count(200) > 400
    assert {status for status in statuses if status >= 500} == set()
    for request, (_, body, headers) in before.items():
        # Who searches for a text is told what it asked for.
        seen = ECHO.sub("", body) + headers
        held = [text for text in (CANARY, *ODD_CANARIES) if text in seen.lower()]
        assert held == [], (request, seen[:2000])
        assert [text for text in FOREIGN[who] if f'"{text}' in seen or f"/{text}" in seen] == [], request
    with psycopg.connect(two.database) as session:
        exchanged = exchange_phi(session)
        assert len(exchanged) > 150
        assert {
            ("public", "product_requests", "notes"),
            ("public", "order_items", "product_specifications"),
            ("public", "fhir_patients", "birth_date"),
            ("public", "fhir_patients", "phone"),
            ("public", "fhir_patient_names", "family"),
            ("public", "organizations", "tax_id"),
            ("history", "orders", "notes"),
            ("phi", "documents", "document"),
            ("open", "documents", "document"),
            ("phi", "string_index", "value"),
        } <= exchanged
        session.commit()
        try:
            after = answers(client, asked)
        finally:
            restore(session)
            session.commit()
    assert after.keys() == before.keys()
    changed = [request for request in before if before[request] != after[request]]
    assert changed == [], (before[changed[0]], after[changed[0]])


EXCHANGED: Final = {
    "text": "'zz' || md5({0})",
    "character varying": "left('zz' || md5({0}), {1})",
    "json": "json_build_object('zz', true)",
    "jsonb": "jsonb_build_object('zz', true)",
    "date": "{0} + 4000",
    "ARRAY": "ARRAY['zz']",
}
KEYS: Final = re.compile(r".*_?fhir_id|resource_type|table_name|method|(target|url)_?(id|type|version)?")
NOT_OURS: Final = (
    "alembic_version",
    "search_parameters",
    "search_parameter_changes",
    "index_rebuilds",
    "fhir_ucum_units",
)
_COLUMNS: Final = """
SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.character_maximum_length
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema IN ('public', 'phi', 'open', 'history') AND t.table_type = 'BASE TABLE'
    AND c.is_generated = 'NEVER'
"""


def exchange_phi(session: Any) -> set[tuple[str, str, str]]:
    """Puts something else into every column that is not shown; returns which. Versions and times stay what they are."""
    session.execute("SET session_replication_role = replica")  # no triggers
    shown = {table.name: one.columns for table, one in SHOWN.items()}
    done = set()
    for schema, table, column, kind, length in session.execute(_COLUMNS).fetchall():
        if kind not in EXCHANGED or table in NOT_OURS or KEYS.fullmatch(column):
            continue
        if schema in ("public", "history") and column in shown.get(table, ()):
            continue
        if (table, column) in (("users", "email"), ("roles", "slug")) or re.search(r"_p\d{6}|_default|_\d{4}", table):
            continue
        place, name = sql.Identifier(schema, table), sql.Identifier(column)
        keep = sql.SQL("CREATE TABLE IF NOT EXISTS kept.{} AS SELECT ctid AS place, * FROM {}")
        value = sql.SQL(EXCHANGED[kind].format("{0}", length or 1)).format(name)  # type: ignore[arg-type]
        session.execute("CREATE SCHEMA IF NOT EXISTS kept")
        session.execute(keep.format(sql.Identifier(f"{schema}.{table}"), place))
        try:
            with session.transaction():
                session.execute(sql.SQL("UPDATE {} SET {} = {} WHERE {} IS NOT NULL").format(place, name, value, name))
        except psycopg.errors.IntegrityError:
            continue
        done.add((schema, table, column))
    session.execute("SET session_replication_role = DEFAULT")
    return done


def restore(session: Any) -> None:
    """Everything as it was."""
    session.execute("SET session_replication_role = replica")
    for (kept,) in session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'kept'").fetchall():
        schema, _, table = kept.partition(".")
        names = [
            row[0]
            for row in session.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'kept' AND table_name = %s"
                " AND column_name <> 'place'",
                (kept,),
            )
        ]
        listed = sql.SQL(", ").join(map(sql.Identifier, names))
        session.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table)))
        session.execute(
            sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
                sql.Identifier(schema, table), listed, listed, sql.Identifier("kept", kept)
            )
        )
    session.execute("DROP SCHEMA kept CASCADE")
    session.execute("SET session_replication_role = DEFAULT")


class TestTheRole:
    """The same, one floor below: what a session under the role can select, whoever it says it is."""

    SCOPES = (("", ""), ("maker1", ""), ("maker2", ""), ("", "rep1"), ("", "rep2"), ("maker1", "rep1"))

    @pytest.mark.parametrize("scope", SCOPES)
    def test_no_column_that_the_role_can_read_holds_phi(self, two: Any, scope: tuple[str, str]) -> None:
        readable = """
            SELECT n.nspname, c.relname, array_agg(a.attname::text) FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND a.attnum > 0
                AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND has_schema_privilege('fhir_business', n.oid, 'USAGE')
                AND has_column_privilege('fhir_business', c.oid, a.attnum, 'SELECT') GROUP BY 1, 2"""
        with psycopg.connect(two.database) as session:
            found = session.execute(readable).fetchall()
            session.execute("SET LOCAL ROLE fhir_business")
            session.execute(
                "SELECT set_config('fhir.caller', 'x', true), set_config('fhir.manufacturer', %s, true),"
                " set_config('fhir.sales_representative', %s, true)",
                scope,
            )
            assert {place for place, _, _ in found} == {"business", "business_history"}
            number = 0
            for place, name, columns in found:
                listed = sql.SQL(", ").join(map(sql.Identifier, columns))
                rows = session.execute(sql.SQL("SELECT {} FROM {}").format(listed, sql.Identifier(place, name)))
                for row in rows:
                    number += 1
                    text = str(row).lower()
                    assert [one for one in (CANARY, *ODD_CANARIES) if one in text] == [], (place, name)
            assert (number > 5) == (scope != ("", ""))

    def test_it_can_neither_read_nor_change_anything_else(self, two: Any) -> None:
        with psycopg.connect(two.database, autocommit=True) as session:
            tables = session.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            assert len(tables) > 80
            session.execute("SET ROLE fhir_business")
            for (table,) in tables:
                for statement in ("SELECT FROM {}", "DELETE FROM {}", "SELECT FROM {} FOR UPDATE"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        session.execute(statement.format(table))  # type: ignore[arg-type]
            for view in ("business.orders", "business_history.orders", "business.documents"):
                with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
                    session.execute(f"DELETE FROM {view}")  # type: ignore[arg-type]
            for function in (
                "fhir_row_ids(ARRAY['x'])",
                "fhir_grant()",
                "fhir_show_to_business('orders', '{}', 'true')",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(f"SELECT {function}")  # type: ignore[arg-type]

    def test_a_condition_with_a_side_effect_sees_no_row_of_others(self, two: Any) -> None:
        with psycopg.connect(two.database, autocommit=True) as session:
            notices: list[str] = []
            session.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
            session.execute(
                "CREATE FUNCTION public.tell(said text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS"
                " 'BEGIN RAISE NOTICE ''%'', said; RETURN true; END'"
            )
            session.execute("SET ROLE fhir_business")
            session.execute("SET fhir.manufacturer = 'maker1'")
            session.execute("SELECT FROM business.orders WHERE tell(order_number)")
            assert "O-1" in notices
            assert not {"O-2", "O-3"} & set(notices)
            session.execute("RESET ROLE; DROP FUNCTION public.tell")


class TestTheViews:
    @pytest.mark.parametrize("table", SHOWN, ids=lambda table: table.name)
    def test_the_views_have_all_columns_and_show_what_is_declared(self, two: Any, table: Any) -> None:
        for place, source in (("business", table), ("business_history", HISTORY[table])):
            (definition,) = two.session.execute(f"SELECT pg_get_viewdef('{place}.{table.name}'::regclass)").fetchone()
            options = two.session.execute(
                f"SELECT reloptions FROM pg_class WHERE oid = '{place}.{table.name}'::regclass"
            ).fetchone()
            assert options == (["security_barrier=true"],)
            withheld = set(re.findall(r'\bNULL::[a-z0-9 ]+(?:\([0-9,]+\))?(?: COLLATE "C")? AS "?(\w+)"?', definition))
            columns = {column.name for column in source.columns}
            held = {
                row[0]
                for row in two.session.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
                    (f"{place}.{table.name}",),
                )
            }
            assert held == columns
            assert columns - withheld == SHOWN[table].columns
