import ast
import re
import tomllib
import unicodedata
from pathlib import Path
from shutil import copytree

import pytest

import flows
from flows.understanding.intents import INTENT_RULES
from flows.understanding.understand import HANDLED
from flows.understanding.vocabulary import FOLDER, VOCABULARY, VocabularyError, load

FLOWS = Path(flows.__file__).parent
FRENCH = """
polite = ["merci"]
[choices.ordinals]
-1 = ["dernier"]
[identifiers]
spoken_at = ["arobase"]
[commands]
back = ["retour"]
[topics]
PAY = ["payer"]
[redaction]
currencies = ["livres?"]
"""


def words_in(text: str) -> set[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return set(re.findall(r"[^\W_]+", plain.lower()))


def with_file(tmp_path: Path, name: str, text: str) -> Path:
    folder = copytree(FOLDER, tmp_path / "vocabulary")
    (folder / name).write_text(text, "utf-8")
    return folder


def test_no_python_file_holds_words_of_another_language() -> None:
    words = {path.stem: words_in(repr(tomllib.loads(path.read_text("utf-8")))) for path in FOLDER.glob("*.toml")}
    english = words.pop("en")
    foreign = {word for word in set().union(*words.values()) - english if len(word) > 4}
    assert len(foreign) > 150
    for path in FLOWS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not words_in(node.value) & foreign, f"{path}:{node.lineno}"


def test_a_language_is_added_by_a_file(tmp_path: Path) -> None:
    vocabulary = load(with_file(tmp_path, "fr.toml", FRENCH))
    assert vocabulary.commands == {**VOCABULARY.commands, "retour": "back"}
    assert vocabulary.topics == {**VOCABULARY.topics, "payer": frozenset({"PAY"})}
    assert vocabulary.ordinals["dernier"] == -1
    assert "merci" in vocabulary.choice_fillers
    assert "livres?" in vocabulary.redaction.currencies
    assert re.search(vocabulary.spoken_at, "owes arobase example.com")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('commands = "back"', "fr.toml: Expected `object`, got `str` - at `$.commands`"),
        ("[commands]\nback = 1", "fr.toml: Expected `array`, got `int`"),
        ("[command]", "fr.toml: Object contains unknown field `command`"),
        ("polite = [", "fr.toml: "),
        ('[commands]\nbakc = ["retour"]', "fr.toml: commands.bakc: en.toml has no such key"),
        ('[topics]\nPAID = ["payer"]', "fr.toml: topics.PAID: en.toml has no such key"),
        ('[commands]\nback = ["Précédent"]', "fr.toml: commands.back: 'Précédent' must be written as it is compared"),
        ('[commands]\nmenu = ["back"]', "fr.toml: commands.menu: 'back' already means 'back'"),
        ('[choices.ordinals]\n2 = ["last"]', "fr.toml: choices.ordinals.2: 'last' already means -1"),
        ('message_commands = ["retour"]', "fr.toml: message_commands: 'retour' is no command"),
        ('[redaction]\ncurrencies = ["("]', "fr.toml: redaction.currencies: '(' is no regular expression"),
        ('[redaction]\nbefore_codes = ["code"]', "fr.toml: redaction.before_codes: 'code' must be in capitals"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(VocabularyError) as refused:
        load(with_file(tmp_path, "fr.toml", text))
    assert str(refused.value).startswith(problem)


def test_the_reference_language_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"en\.toml: is missing"):
        load(tmp_path)


def test_every_command_is_an_event_that_some_state_handles() -> None:
    assert set(VOCABULARY.commands.values()) - {event for event, _ in HANDLED} == {"yes", "no"}


def test_every_topic_is_used_by_a_rule() -> None:
    used = {topic for _, needed, without, _ in INTENT_RULES for topic in (*without, *frozenset().union(*needed))}
    assert frozenset().union(*VOCABULARY.topics.values()) <= used


def test_the_words_around_secrets_are_regular_expressions_and_capitals() -> None:
    words = VOCABULARY.redaction
    assert re.fullmatch("|".join(words.security_codes), "security number")
    assert re.fullmatch("|".join(words.currencies), "libras")
    assert {"CODE", "CLAVE"} <= set(words.before_codes)
