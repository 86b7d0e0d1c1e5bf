"""Reading bodies within limits."""

from __future__ import annotations

import gzip
import io
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.errors import InvalidRequest, TooLarge, UnsupportedMediaType
from fhir_server.http.bodies import gunzip, read_body
from fhir_server.http.responses import gzipped


def environ(body: bytes, **others: Any) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), **others}


def test_a_body_is_read_to_its_length_and_no_further() -> None:
    assert read_body(environ(b"abcdef", CONTENT_LENGTH="3"), 10) == b"abc"


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not() -> None:
    assert read_body(environ(b"x" * 10), 10) == b"x" * 10
    with pytest.raises(TooLarge):
        read_body(environ(b"x" * 11), 10)


def test_a_chunked_body_is_limited_too() -> None:
    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert read_body(environ(b"x" * 10, **chunked), 10) == b"x" * 10
    with pytest.raises(TooLarge):
        read_body(environ(b"x" * 11, **chunked), 10)


def test_a_stream_that_gives_small_pieces_is_read_to_the_end() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 2))

    assert read_body(environ(b"abcde", **{"wsgi.input": Slow(b"abcde")}), 10) == b"abcde"


def test_nothing_is_read_where_neither_length_nor_end_is_known() -> None:
    assert read_body(environ(b"abc", CONTENT_LENGTH=""), 10) == b""


@pytest.mark.parametrize("length", ["-1", "1.0", "0x3", "٣", "1 2"])
def test_a_length_that_is_no_number_is_invalid(length: str) -> None:
    with pytest.raises(InvalidRequest):
        read_body(environ(b"abc", CONTENT_LENGTH=length), 10)


def test_an_astronomic_length_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read_body(environ(b"abc", CONTENT_LENGTH="9" * 5000), 10)


def test_a_body_that_ends_early_is_invalid() -> None:
    with pytest.raises(InvalidRequest):
        read_body(environ(b"abc", CONTENT_LENGTH="5"), 10)


def test_a_gzip_body_is_unpacked() -> None:
    assert read_body(environ(gzip.compress(b"abc"), HTTP_CONTENT_ENCODING=" GZip "), 100) == b"abc"


def test_a_gzip_bomb_is_too_large_and_never_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    start = time.perf_counter()
    with pytest.raises(TooLarge):
        read_body(environ(bomb, HTTP_CONTENT_ENCODING="gzip"), 1_000_000)
    assert time.perf_counter() - start < 1


def test_gzip_members_are_joined_up_to_a_number() -> None:
    assert gunzip(gzip.compress(b"ab") + gzip.compress(b"cd"), 10) == b"abcd"
    with pytest.raises(InvalidRequest):
        gunzip(gzip.compress(b"") * 100_000, 10)


@pytest.mark.parametrize(
    "packed", [b"plain", gzip.compress(b"abc", mtime=0)[:-3], gzip.compress(b"abc", mtime=0) + b"rest"]
)
def test_broken_gzip_is_invalid(packed: bytes) -> None:
    with pytest.raises(InvalidRequest):
        gunzip(packed, 100)


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "compress"])
def test_other_codings_are_not_supported(coding: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read_body(environ(b"abc", HTTP_CONTENT_ENCODING=coding), 10)


@given(st.binary(max_size=2000))
def test_what_was_packed_for_a_client_is_what_it_unpacks(body: bytes) -> None:
    assert gunzip(gzipped(body), 2000) == body
