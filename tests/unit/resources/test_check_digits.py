from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import column, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from fhir_server.resources.check_digits import is_loinc, is_loinc_in_sql, is_npi, is_npi_in_sql

DIALECT = PGDialect_psycopg()
NUMBERS = (
    "1234567893",
    "1234567890",
    "2234567892",
    "3234567891",
    "123456789",
    "12345678931",
    "123456789x",
    "",
    " 1234567893",
)
CODES = ("39126-8", "39126-9", "0-0", "00000-0", "039126-8", "1-8", "12345678-1", "39126", "a-1", "")


@pytest.mark.parametrize("number", ["1234567893", "1003000126"])
def test_a_number_with_the_right_check_digit_is_an_npi(number: str) -> None:
    assert is_npi(number)
    assert not is_npi(str(int(number) + 1))


@pytest.mark.parametrize("code", ["39126-8", "89260-4", "8302-2"])
def test_a_code_with_the_right_check_digit_is_one_of_loinc(code: str) -> None:
    assert is_loinc(code)
    assert not is_loinc(f"{code[:-1]}{(int(code[-1]) + 1) % 10}")


def test_sql_and_python_know_the_same_numbers_and_codes(database: str) -> None:
    with psycopg.connect(database) as connection:
        for known, in_sql, texts in ((is_npi, is_npi_in_sql, NUMBERS), (is_loinc, is_loinc_in_sql, CODES)):
            asked = str(select(in_sql(column("x"))).compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))
            sql = f"{asked} FROM (VALUES (%s::text)) AS v (x)"
            found = [connection.execute(sql, (text,)).fetchone() for text in texts]
            assert found == [(known(text),) for text in texts]
            assert connection.execute(sql, (None,)).fetchone() in ((False,), (None,))
