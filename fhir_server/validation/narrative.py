"""Whether the XHTML of a narrative is well-formed, has content, and can be shown without running anything.

https://hl7.org/fhir/R4/narrative.html

Elements and attributes are those of chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, and `a` and `img`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

_XHTML = "http://www.w3.org/1999/xhtml"
_PREFIX = _XHTML + " "
_XML_ATTRIBUTES = frozenset(f"http://www.w3.org/XML/1998/namespace {name}" for name in ("lang", "id", "space"))

_ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "b",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "dfn",
        "dir",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "kbd",
        "li",
        "menu",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_EVERYWHERE = frozenset(["accesskey", "class", "dir", "id", "lang", "style", "tabindex", "title"]) | _XML_ATTRIBUTES
_ATTRIBUTES = _EVERYWHERE | frozenset(
    [
        "abbr",
        "align",
        "alt",
        "axis",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "char",
        "charoff",
        "charset",
        "cite",
        "clear",
        "color",
        "colspan",
        "compact",
        "coords",
        "face",
        "frame",
        "headers",
        "height",
        "href",
        "hreflang",
        "hspace",
        "longdesc",
        "name",
        "noshade",
        "nowrap",
        "rel",
        "rev",
        "rowspan",
        "rules",
        "scope",
        "shape",
        "size",
        "span",
        "src",
        "start",
        "summary",
        "target",
        "type",
        "valign",
        "value",
        "vspace",
        "width",
    ]
)
_LINKS = frozenset({"href", "cite", "longdesc"})
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp", "urn", "cid", "mid"})
_IMAGE = re.compile(r"(?:(?:https?|cid|urn):|data:image/(?:png|gif|jpe?g|bmp|webp)[;,])", re.IGNORECASE)
# Browsers drop white space and control characters inside a scheme, so they are dropped before it is looked at.
_IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\ufeff]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
# The publisher's own tables name background images beside the page: a file name can neither leave the server nor run.
_PLAIN_IMAGE = re.compile(
    r"""url\(\s*(['"]?)(?:[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*|data:image/(?:png|gif|jpe?g);base64,[A-Za-z0-9+/=]*)\1\s*\)"""
)
# A backslash or comment could spell any of the words in another way.
_ACTIVE_STYLE = re.compile(
    r"\\|/\*|url\s*\(|expression|@|javascript:|vbscript:|behaviou?r\s*:|-moz-binding", re.IGNORECASE
)


class _Refused(Exception):
    pass


def is_safe(narrative: Mapping[str, Any]) -> bool:
    """Whether `narrative.div` keeps the rules; true when there is no div to look at."""
    div = narrative.get("div")
    return not isinstance(div, str) or problem(div) is None


def explain(narrative: Mapping[str, Any]) -> str:
    """Why the narrative is not safe, in a sentence."""
    return f"the div must be plain XHTML of basic formatting: {problem(str(narrative.get('div')))}"


def problem(div: str) -> str | None:
    """What is wrong with the XHTML text, as a clause that repeats none of it, or None."""
    reader = _Reader()
    try:
        reader.parser.Parse(div, True)
    except _Refused as refusal:
        return str(refusal)
    except (expat.ExpatError, UnicodeError):
        # Undefined entities such as &nbsp; end up here too: XHTML in JSON has no DTD that could define them.
        return "it is not well-formed XHTML"
    return None if reader.has_content else "it has no content"


class _Reader:
    __slots__ = ("depth", "has_content", "parser")

    def __init__(self) -> None:
        self.depth = 0
        self.has_content = False
        self.parser = parser = expat.ParserCreate("UTF-8", " ")
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_doctype
        parser.ProcessingInstructionHandler = _refuse_instruction

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.removeprefix(_PREFIX)
        if local == name or local not in _ELEMENTS:
            raise _Refused("it holds an element that is not allowed")
        if self.depth == 0:
            if local != "div":
                raise _Refused("it is not a div")
            self.depth = 1
        if local == "img":
            self.has_content = True
        for attribute, value in attributes.items():
            if attribute not in _ATTRIBUTES:
                raise _Refused("it holds an attribute that is not allowed")
            if attribute in _LINKS:
                _check_link(value)
            elif attribute == "src":
                _check_source(value)
            elif attribute == "style" and _ACTIVE_STYLE.search(_PLAIN_IMAGE.sub("", value)):
                raise _Refused("a style refers to something outside or active")

    def _text(self, text: str) -> None:
        if not text.isspace():
            self.has_content = True
            self.parser.CharacterDataHandler = None


def _check_link(value: str) -> None:
    scheme = _SCHEME.match(_IGNORED.sub("", value))
    if scheme is not None and scheme[1].lower() not in _LINK_SCHEMES:
        raise _Refused("a link has a scheme that is not allowed")


def _check_source(value: str) -> None:
    plain = _IGNORED.sub("", value)
    if _SCHEME.match(plain) and not _IMAGE.match(plain):
        raise _Refused("an image has a scheme that is not allowed")


def _refuse_doctype(*_: object) -> None:
    raise _Refused("it declares a document type or entities")


def _refuse_instruction(*_: object) -> None:
    raise _Refused("it holds a processing instruction")
