"""Which fonts can write the words: matplotlib's own has no Chinese, Hindi or Thai, among others.

matplotlib takes each character from the first of several fonts that has it, but only from fonts
that it is told of. So those installed are looked through, and only where its own is not enough.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from matplotlib.font_manager import FontEntry, FontProperties, findfont, fontManager, get_font

logger = logging.getLogger("fastw2v")

NO_GLYPH = "□"
LAST_RESORT = "Last Resort"  # a font that has every character, each as a box of its own


def choose_fonts(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return font families that can write texts, and the texts.

    Characters that no font has are replaced by a box, and the log says so.
    """
    families = list(FontProperties().get_family())
    missing = set("".join(texts)) - _characters(findfont(FontProperties()))
    for font in sorted(fontManager.ttflist, key=_rank) if missing else ():
        if font.style != "normal" or font.size != "scalable" or font.name.startswith(LAST_RESORT):
            continue
        found = missing & _characters(font.fname)
        if found:
            families.append(font.name)
            missing -= found
        if not missing:
            break
    if missing:
        logger.warning(
            "no installed font has %s (of %d such characters): shown as %s; install a font for "
            "them, or save as .html",
            *(ascii(min(missing)), len(missing), NO_GLYPH),
        )
    boxes = {ord(character): NO_GLYPH for character in missing}
    return families, [text.translate(boxes) for text in texts]


def _characters(file: str) -> set[str]:
    return {chr(code) for code in get_font(file).get_charmap()}


def _rank(font: FontEntry) -> tuple[bool, bool, str]:
    """Plain and upright fonts first; the rest by name, so that the choice repeats itself."""
    return font.weight not in (400, "normal", "regular"), "Sans" not in font.name, font.name
