"""The length of text messages, and their alphabet."""

from chatbot.delivery import sms_segments


def test_a_text_in_the_gsm_alphabet_has_room_for_160_characters() -> None:
    assert sms_segments.fits("ñ" * 160)
    assert not sms_segments.fits("ñ" * 161)
    assert sms_segments.fits("€" * 80)
    assert not sms_segments.fits("€" * 81)
    assert sms_segments.fits("ó" * 70)
    assert not sms_segments.fits("ó" * 71)
    assert not sms_segments.fits("🦊" * 36)


def test_characters_outside_the_alphabet_become_the_nearest_inside() -> None:
    assert sms_segments.plain("“Café” – código… it’s £5") == '"Café" - codigo... it\'s £5'
    assert sms_segments.plain("код 1") == "код 1"
