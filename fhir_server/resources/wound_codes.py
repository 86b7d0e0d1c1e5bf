"""The wound-care LOINC set with the displays that a row without a document is served with.

https://loinc.org; the selection is the portal's.
"""

from __future__ import annotations

WOUND_DISPLAYS = {
    "39135-9": "Wound assessment panel",
    "72287-6": "Wound size panel",
    "39126-8": "Length of Wound",
    "39125-0": "Width of Wound",
    "39127-6": "Depth of Wound",
    "39114-4": "Depth of Wound [Nominal]",
    "89260-4": "Area of wound",
    "94083-3": "Wound volume",
    "72293-4": "Wound undermining length",
    "72294-2": "Wound undermining clock position",
    "72295-9": "Wound undermining [Presence]",
    "72296-7": "Wound tunneling length",
    "72297-5": "Wound tunneling clock position",
    "72298-3": "Wound tunneling [Presence]",
    "39116-9": "Drainage amount of Wound",
    "72291-8": "Wound exudate volume from drain",
    "89259-6": "Wound exudate [Presence]",
    "72290-0": "Wound exudate appearance",
    "72289-2": "Wound exudate color",
    "72288-4": "Wound exudate odor",
    "89254-7": "Wound bed panel",
    "72371-8": "Appearance of Wound bed",
    "72370-0": "Area of identified wound bed appearance/Area of wound bed",
    "39132-6": "Color of Wound bed",
    "89255-4": "Area of identified wound bed color/Area of wound bed",
    "89256-2": "Wound edge panel",
    "72304-9": "Wound edge description",
    "39133-4": "Color of Wound edge",
    "39123-5": "Status of Wound",
    "89253-9": "Wound trend",
    "64110-0": "Wound interpretation",
    "89251-3": "Wound present on admission",
    "72514-3": "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
    "38221-8": "Pain severity Wong-Baker FACES pain rating scale",
}
