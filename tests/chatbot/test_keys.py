"""Codes, tokens and digests derived from the secret key."""

from collections import Counter

from chatbot.keys import Keys, new_secret_id, token_hash

KEYS = Keys("a secret for tests, long enough to be one")


def test_codes_are_six_digits_spread_evenly() -> None:
    codes = [KEYS.code(f"challenge-{number}", "conversation") for number in range(100_000)]
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes)
    assert any(code.startswith("00") for code in codes)
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        chi_squared = sum((count - 10_000) ** 2 / 10_000 for count in counts.values())
        assert chi_squared < 33.7, "less likely than 1 in 10,000 for even digits"  # nine degrees of freedom


def test_a_code_belongs_to_its_challenge_its_conversation_and_its_key() -> None:
    challenge = new_secret_id()
    code = KEYS.code(challenge, "one")
    assert code == KEYS.code(challenge, "one")
    others = {KEYS.code(challenge, "two"), KEYS.code(new_secret_id(), "one"), Keys("another").code(challenge, "one")}
    assert others != {code}


def test_a_session_token_issued_elsewhere_is_rejected() -> None:
    token = KEYS.session_token()
    assert KEYS.session_id(token) == token_hash(token)
    assert KEYS.session_id(Keys("another").session_token()) is None
    for forged in ("", "x", token[:-2], token[::-1], "é" * 64, token + "\n", "A" * 64):
        assert KEYS.session_id(forged) is None


def test_a_link_token_needs_the_key() -> None:
    link = new_secret_id()
    assert KEYS.link_token(link) != Keys("another").link_token(link)
    assert len(KEYS.link_token(link)) == 43


def test_a_links_public_id_tells_nothing_of_its_token() -> None:
    link = new_secret_id()
    assert KEYS.link_reference(link) == KEYS.link_reference(link) != Keys("another").link_reference(link)
    assert KEYS.link_reference(link) not in KEYS.link_token(link)
    assert KEYS.link_reference(link) not in link


def test_a_digest_differs_by_text_and_by_key() -> None:
    assert KEYS.digest("text:123456") == KEYS.digest("text:123456")
    assert len({KEYS.digest("text:123456"), KEYS.digest("text:123457"), Keys("another").digest("text:123456")}) == 3
