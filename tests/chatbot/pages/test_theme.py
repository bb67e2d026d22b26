"""Tones of the company's colour."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.config.settings import BrandSettings
from chatbot.pages.theme import DARK, LIGHT, Theme, contrast, css, derive, parse, stylesheet

TOKENS = (Path(__file__).parents[3] / "widget" / "dist" / "tokens.css").read_text()


@given(st.integers(0, 0xFFFFFF), st.sampled_from([LIGHT, DARK]))
def test_every_colour_reaches_the_contrast_of_wcag_in_both_themes(colour: int, theme: Theme) -> None:
    tones = derive(parse(f"#{colour:06x}"), theme)
    assert contrast(tones["on"], tones["accent"]) >= 4.5
    assert contrast(tones["on"], tones["hover"]) >= 4.5
    assert all(contrast(tones["text"], ground) >= theme.text for ground in (theme.surface, theme.sunken, tones["soft"]))
    assert all(contrast(tones["edge"], ground) >= 3 for ground in (theme.surface, theme.sunken))


def test_the_style_sheet_names_every_tone_of_both_themes() -> None:
    sheet = stylesheet(BrandSettings().colour)
    used = set(re.findall(r"var\((--(?:light|dark)-[a-z]+)", TOKENS))
    assert used == set(re.findall(r"(--[a-z-]+):", sheet))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_themes_have_the_widgets_surfaces(theme: Theme) -> None:
    light, dark = TOKENS.split("@media(prefers-color-scheme:dark)", 1)
    sheet = light if theme is LIGHT else dark
    assert f"--surface: {css(theme.surface)};--sunken: {css(theme.sunken)}" in sheet


@pytest.mark.parametrize(
    ("colour", "light", "dark"),
    [
        (
            "#2457d6",
            "#2457d6 #214ebc #ffffff #e7ecfa #2457d6 #2457d6",
            "#2457d6 #214ebc #ffffff #192645 #8da8ea #3e6bdb",
        ),
        (
            "#ffcc00",
            "#f5c501 #f6cd25 #10141c #fdf8e5 #836c0f #a98a0a",
            "#ffcc00 #ffd324 #10141c #453e1a #ffcc00 #ffcc00",
        ),
        (
            "#00b67a",
            "#00b67a #24c08d #10141c #e4f6f1 #067c58 #039c6b",
            "#00b67a #24c08d #10141c #123933 #47ca9f #00b67a",
        ),
    ],
)
def test_the_tones_are_those_that_the_panel_derives(colour: str, light: str, dark: str) -> None:
    for theme, expected in ((LIGHT, light), (DARK, dark)):
        assert " ".join(map(css, derive(parse(colour), theme).values())) == expected
