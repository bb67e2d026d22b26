"""Tones of the company's colour for pages without scripts, each adjusted until its contrast suffices.

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
    """The light or dark theme that tones are derived for.

    `surface` and `sunken`: the backgrounds, equal to those in the widget's `tokens.css`.
    `opposite`: the colour to mix in for more contrast. `tint`: the brand's share in a soft background.
    `text`: the contrast of coloured text; dark themes need more than WCAG's 4.5, since thin light letters look fainter.
    """

    name: str
    surface: Rgb
    sunken: Rgb
    opposite: Rgb
    tint: float
    text: float


LIGHT = Theme("light", (253, 253, 254), (243, 244, 247), INK, 0.1, 4.5)
DARK = Theme("dark", (22, 26, 33), (31, 37, 46), WHITE, 0.2, 6)


def stylesheet(colour: str) -> str:
    """Return the style sheet with the tones of `colour` (#rrggbb) in both themes, as custom properties."""
    base = parse(colour)
    tones = [
        f"--{theme.name}-{tone}:{css(value)}" for theme in (LIGHT, DARK) for tone, value in derive(base, theme).items()
    ]
    return ":root{" + ";".join(tones) + "}\n"


def derive(base: Rgb, theme: Theme) -> dict[str, Rgb]:
    """Return the tones of a colour in a theme: fill, hovered fill, text on the fill, tint, text, outline."""
    # First make the fill visible on the surface; then choose its text.
    fill = _adjust(base, theme.opposite, lambda tone: contrast(tone, theme.surface) >= 1.6)
    on = WHITE if contrast(fill, WHITE) >= min(4.5, contrast(fill, INK)) else INK
    opposite = INK if on == WHITE else WHITE
    accent = _adjust(fill, opposite, lambda tone: contrast(tone, on) >= 4.5)
    soft = mix(theme.surface, base, theme.tint)
    grounds = (theme.surface, theme.sunken)
    return {
        "accent": accent,
        "hover": mix(accent, opposite, 0.14),
        "on": on,
        "soft": soft,
        "text": _adjust(
            base, theme.opposite, lambda tone: all(contrast(tone, ground) >= theme.text for ground in (*grounds, soft))
        ),
        "edge": _adjust(base, theme.opposite, lambda tone: all(contrast(tone, ground) >= 3 for ground in grounds)),
    }


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def parse(colour: str) -> Rgb:
    """Parse #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def css(colour: Rgb) -> str:
    """Format as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def mix(start: Rgb, end: Rgb, part: float) -> Rgb:
    """Mix two colours, `part` (0 to 1) of `end`. Rounded to whole steps: contrast is measured on the shown colour."""
    red, green, blue = (int(a + (b - a) * part + 0.5) for a, b in zip(start, end, strict=True))
    return red, green, blue


def _adjust(start: Rgb, end: Rgb, suffices: Callable[[Rgb], bool]) -> Rgb:
    for step in range(STEPS):
        tone = mix(start, end, step / STEPS)
        if suffices(tone):
            return tone
    return end


def _luminance(colour: Rgb) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
