"""A narrative is plain formatting with content; whatever could run or load something is refused."""

from __future__ import annotations

import pytest

from fhir_server.validation.narrative import explain, is_safe, problem

OPEN = '<div xmlns="http://www.w3.org/1999/xhtml"'


def div(content: str) -> str:
    return f"{OPEN}>{content}</div>"


@pytest.mark.parametrize(
    "text",
    [
        div("plain"),
        div("<p>a <b>b</b><br/><i>c</i></p>"),
        div("<table class='x' border='1'><tbody><tr><td colspan='2'>a</td></tr></tbody></table>"),
        div('<a href="https://example.org/a?b=c#d">x</a>'),
        div('<a href="Patient/1">x</a>'),
        div('<a href="#x">x</a><a name="x"/>'),
        div('<a href="mailto:a@example.org">x</a>'),
        div('<img src="data:image/png;base64,AAAA" alt="x"/>'),
        div('<img src="#pic"/>'),
        div('<span style="color: red; text-align: var(--left, left)">x</span>'),
        div('<td style="background-image: url(tbl_bck0.png)">x</td>'),
        div('<span style="background: url(&quot;data:image/png;base64,AAAA&quot;)">x</span>'),
        div("&lt;script&gt;alert(1)&lt;/script&gt;"),
        div("&#160;x &amp; y"),
        div("<![CDATA[<script>]]>"),
        div("<!-- a comment -->x"),
        f'{OPEN} lang="de" xml:lang="de" id="a">x</div>',
        '<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>x</h:p></h:div>',
        '<?xml version="1.0" encoding="UTF-8"?>' + div("x"),
    ],
)
def test_plain_formatting_is_safe(text: str) -> None:
    assert problem(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (div("<script>alert(1)</script>"), "element"),
        (div("<SCRIPT>alert(1)</SCRIPT>"), "element"),
        (div("<iframe src='x'/>"), "element"),
        (div("<object/>"), "element"),
        (div("<form><input/></form>"), "element"),
        (div("<style>p {}</style>"), "element"),
        (div("<link href='x'/>"), "element"),
        (div("<base href='http://evil.example'/>"), "element"),
        (div("<ins>x</ins>"), "element"),
        (div('<svg xmlns="http://www.w3.org/2000/svg"/>'), "element"),
        (div('<b xmlns="">x</b>'), "element"),
        (div('<x:script xmlns:x="http://www.w3.org/1999/xhtml">1</x:script>'), "element"),
        ("<div>x</div>", "element"),
        ('<p xmlns="http://www.w3.org/1999/xhtml">x</p>', "not a div"),
        (div('<p onclick="x()">a</p>'), "attribute"),
        (div('<img src="a.png" onerror="x()"/>'), "attribute"),
        (div('<p data-x="1">a</p>'), "attribute"),
        (div('<a xmlns:x="http://www.w3.org/1999/xlink" x:href="y">a</a>'), "attribute"),
        (div('<a href="javascript:x()">a</a>'), "link"),
        (div('<a href=" JaVa&#9;Script&#58;x()">a</a>'), "link"),
        (div('<a href="&#1;javascript:x()">a</a>'), "not well-formed"),
        (div('<a href="vbscript:x">a</a>'), "link"),
        (div('<a href="data:text/html,x">a</a>'), "link"),
        (div('<a href="file:///etc/passwd">a</a>'), "link"),
        (div('<img src="javascript:x()"/>'), "image"),
        (div('<img src="data:image/svg+xml,x"/>'), "image"),
        (div('<img src="data:text/html,x"/>'), "image"),
        (div('<p style="background: url(http://evil.example/x.png)">a</p>'), "style"),
        (div('<p style="background: url(//evil.example/x.png)">a</p>'), "style"),
        (div('<p style="background: u\\72l(x)">a</p>'), "style"),
        (div('<p style="background: URL(http:x)">a</p>'), "style"),
        (div('<p style="width: expression(x())">a</p>'), "style"),
        (div('<p style="wi/**/dth: 1">a</p>'), "style"),
        (div('<p style="@import x">a</p>'), "style"),
        (div('<p style="behavior: url(x.htc)">a</p>'), "style"),
        (div("&nbsp;"), "not well-formed"),
        (div("<p>x"), "not well-formed"),
        (div("x") + "y", "not well-formed"),
        ("x", "not well-formed"),
        ("", "not well-formed"),
        (div("a & b"), "not well-formed"),
        (div("\x01"), "not well-formed"),
        ('<!DOCTYPE div [<!ENTITY a "b">]>' + div("&a;"), "document type"),
        ('<!DOCTYPE div SYSTEM "http://evil.example/x.dtd">' + div("x"), "document type"),
        (div("<?php x ?>"), "processing instruction"),
        (div(""), "no content"),
        (div(" \n<p> </p><br/>"), "no content"),
    ],
)
def test_what_is_not_plain_formatting_is_refused(text: str, said: str) -> None:
    found = problem(text)
    assert found is not None
    assert said in found


def test_an_entity_bomb_is_refused_at_once() -> None:
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(20))
    assert problem(f'<!DOCTYPE div [<!ENTITY a0 "x">{entities}]>' + div("&a20;")) is not None


def test_the_explanation_repeats_nothing_of_the_text() -> None:
    assert "Musterfrau" not in explain({"div": div("<script>Musterfrau</script>")})


def test_a_narrative_with_only_an_extension_is_nobody_s_danger() -> None:
    assert is_safe({"status": "empty"})
