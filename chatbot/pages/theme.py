"""The tones of the company's colour for pages without scripts, each adjusted until it can be read.

4.5 : 1 for text, 3 : 1 for edges (WCAG 2.2, 1.4.3 and 1.4.11). The panel derives the same tones in the browser, in
`widget/src/kit/colour.ts`, on the same surfaces.
"""

from collections.abc import Callable
from dataclasses import dataclass

Rgb = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)
INK: Rgb = (16, 20, 28)
STEPS = 25


@dataclass(frozen=True, slots=True)
class Theme:
    """What the tones stand on; `surface` and `sunken` equal those of the widget's tokens.

    `text` is how far coloured text stands out: thin light letters on a dark ground need more than the rule asks.
    """

    name: str
    surface: Rgb
    sunken: Rgb
    away: Rgb
    tint: float
    text: float


LIGHT = Theme("light", (253, 253, 254), (243, 244, 247), INK, 0.1, 4.5)
DARK = Theme("dark", (22, 26, 33), (31, 37, 46), WHITE, 0.2, 6)


def stylesheet(colour: str) -> str:
    """Return the style sheet that gives a page the tones of `colour` (#rrggbb) in both themes."""
    base = parse(colour)
    tones = [
        f"--{theme.name}-{tone}:{css(value)}" for theme in (LIGHT, DARK) for tone, value in derive(base, theme).items()
    ]
    return ":root{" + ";".join(tones) + "}\n"


def derive(base: Rgb, theme: Theme) -> dict[str, Rgb]:
    """Return the tones of a colour in a theme: fill, fill under the pointer, text on it, tint, text, outline."""
    # A fill that the surface swallows is moved away from it first; then its text is chosen.
    fill = _until(base, theme.away, lambda tone: contrast(tone, theme.surface) >= 1.6)
    on = WHITE if contrast(fill, WHITE) >= min(4.5, contrast(fill, INK)) else INK
    further = INK if on == WHITE else WHITE
    accent = _until(fill, further, lambda tone: contrast(tone, on) >= 4.5)
    soft = mix(theme.surface, base, theme.tint)
    grounds = (theme.surface, theme.sunken)
    return {
        "accent": accent,
        "hover": mix(accent, further, 0.14),
        "on": on,
        "soft": soft,
        "text": _until(
            base, theme.away, lambda tone: all(contrast(tone, ground) >= theme.text for ground in (*grounds, soft))
        ),
        "edge": _until(base, theme.away, lambda tone: all(contrast(tone, ground) >= 3 for ground in grounds)),
    }


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def parse(colour: str) -> Rgb:
    """Read #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def css(colour: Rgb) -> str:
    """Write #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def mix(start: Rgb, end: Rgb, part: float) -> Rgb:
    """Move a colour towards another, rounded to whole steps so that what is measured is what is shown."""
    red, green, blue = (int(a + (b - a) * part + 0.5) for a, b in zip(start, end, strict=True))
    return red, green, blue


def _until(start: Rgb, end: Rgb, enough: Callable[[Rgb], bool]) -> Rgb:
    for step in range(STEPS):
        tone = mix(start, end, step / STEPS)
        if enough(tone):
            return tone
    return end


def _luminance(colour: Rgb) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
