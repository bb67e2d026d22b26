"""SMS segments: 160 characters of the GSM 03.38 alphabet, or 70 of any other."""

import unicodedata

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Characters of the extension table, which take two places each.
GSM_DOUBLE = frozenset("^{}\\[~]|€")
GSM_LENGTH, UNICODE_LENGTH = 160, 70

_PLAIN = str.maketrans(
    {
        "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...",
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2011": "-", "•": "-",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """Return a text in the GSM alphabet, with the nearest character in place of every other.

    A text in another script is returned unchanged, in more segments.
    """
    folded = "".join(map(_nearest, text.translate(_PLAIN)))
    return folded if _is_gsm(folded) else text


def fits(text: str) -> bool:
    """Return whether a text is a single segment."""
    if _is_gsm(text):
        return len(text) + sum(character in GSM_DOUBLE for character in text) <= GSM_LENGTH
    return len(text.encode("utf-16-le")) // 2 <= UNICODE_LENGTH


def _is_gsm(text: str) -> bool:
    return GSM.issuperset(set(text) - GSM_DOUBLE)


def _nearest(character: str) -> str:
    if character in GSM or character in GSM_DOUBLE:
        return character
    base = unicodedata.normalize("NFKD", character)
    return "".join(part for part in base if not unicodedata.combining(part)) or character
