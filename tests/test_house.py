"""Rules for the whole repository: agreements between its parts, and content that must not be in any file."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from chatbot import keys
from chatbot.channels.web import wire
from chatbot.channels.web.namespace import NAMESPACE, WebChannel
from chatbot.conversations.turns import Turns
from tests import prose
from tests.clock import FakeClock
from tests.service_fixture import ServiceFixture

ROOT = Path(__file__).parents[1]
WIDGET = ROOT / "widget" / "src"
ROOMS = ("chatbot", "flows", "store")
MAX_LINES = 350
"""Lines of a file; most have fewer than 200."""

MAX_PRONOUNS = 5
"""Words like "what" and "who" per 1,000 words of comments and docstrings."""

# In pieces, so that this file does not match.
REGISTRY = re.compile("|".join((r"registry\.npm" + "js", r"files\.python" + "hosted", "pypi" + r"\.org/simple")))
HOME_FOLDER = re.compile(
    "|".join((r"(?<![\w.])/ho" + r"me/\w", "/Us" + r"ers/\w", r"(?<![\w.~])/ro" + "ot/", r"C:\\Us" + "ers"))
)


def tracked() -> list[Path]:
    """Return the text files of the repository."""
    git = which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:1000]]


def widget(path: str) -> str:
    return (WIDGET / path).read_text("utf-8")


def test_no_file_names_a_registry_or_a_persons_machine() -> None:
    for path in tracked():
        text = path.read_text("utf-8")
        assert not REGISTRY.search(text), path
        assert not HOME_FOLDER.search(text), path


def test_the_lock_file_pins_what_and_not_where_from() -> None:
    lock = (ROOT / "widget" / "package-lock.json").read_text("utf-8")
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


def test_no_folder_is_a_drawer_for_everything() -> None:
    names = {part.lower() for path in tracked() for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def test_no_file_is_long() -> None:
    ours = [path for path in tracked() if path.suffix in (".py", ".ts", ".tsx", ".mjs")]
    outside = [path for path in ours if path.relative_to(ROOT).parts[0] != "tests" and "dist" not in path.parts]
    assert [path.name for path in outside if len(path.read_text("utf-8").splitlines()) > MAX_LINES] == []


TESTS_WITHOUT_A_MODULE = {
    "chatbot/config/test_broken_values.py": "values that are refused, through loading and checks",
    "chatbot/conversations/test_concurrent_turns.py": "turns in two processes",
    "chatbot/conversations/test_corrected_clock.py": "a promise that codes, verification and links keep",
    "chatbot/conversations/test_dialogue_machine.py": "random dialogues through turns, payments and links",
    "chatbot/conversations/test_direct_debits.py": "a promise that every way to a payment link keeps",
    "chatbot/conversations/test_other_ways.py": "a promise that every way to a payment link keeps without a gateway",
    "chatbot/conversations/test_ownership.py": "a promise that imports, turns, links and payment events keep",
    "chatbot/delivery/test_hostile_names.py": "a promise that every kind of letter keeps",
    "chatbot/delivery/test_real_senders.py": "the dispatcher with the email and SMS senders",
    "chatbot/payments/gateways/test_adding_a_gateway.py": "one file, through settings, checkout and webhooks",
    "chatbot/payments/gateways/test_contract.py": "runs for every gateway",
    "chatbot/payments/test_two_checkouts.py": "several hosted pages, through checkouts, reports and due work",
    "flows/test_table.py": "the tables of all dialogues",
    "store/billing/test_report_orders.py": "reports of payments in every order, through links, payments and ledger",
    "store/drivers/test_query_plans.py": "the statements of the whole store",
    "store/drivers/test_units_of_work.py": "runs for every driver",
}
"""Tests of several modules, with the reason."""


def has_module(test: Path) -> bool:
    """Tell whether a test, by its path below tests/, has the name of a module, of a folder, or of its own package."""
    name = test.stem.removeprefix("test_")
    folder = ROOT / test.parent
    return (folder / f"{name}.py").exists() or (folder / name).is_dir() or (folder.name == name and folder.is_dir())


def test_every_test_mirrors_a_module() -> None:
    tests = [path.relative_to(ROOT / "tests") for room in ROOMS for path in (ROOT / "tests" / room).rglob("test_*.py")]
    assert {str(test) for test in tests if not has_module(test)} == TESTS_WITHOUT_A_MODULE.keys()


def type_names(module: ast.Module) -> Iterator[str]:
    """Yield the classes and type aliases that a module defines. An alias is written like a class: FanoutMessage."""
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if re.fullmatch(r"(?=.*[a-z])[A-Z]\w*", name):
                if not re.match(r"(?:TypeVar|ParamSpec)\b", ast.unparse(node.value)):
                    yield name


def test_one_type_name_has_one_meaning() -> None:
    modules = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    defined = Counter(name for path in modules for name in type_names(ast.parse(path.read_text("utf-8"))))
    assert {name for name, times in defined.items() if times > 1} == set()


@pytest.mark.parametrize("folder", prose.FOLDERS)
def test_comments_and_docstrings_name_things_by_nouns(folder: str) -> None:
    assert prose.pronouns_per_thousand_words(folder) < MAX_PRONOUNS, "run  python -m tests.prose  for the files"


async def test_panel_and_service_speak_of_the_same_events(tmp_path: Path, clock: FakeClock) -> None:
    billchat = await ServiceFixture.open(tmp_path, clock)
    handlers = WebChannel(billchat.service, Turns(billchat.service)).sio.handlers[NAMESPACE]
    await billchat.close()
    client = "\n".join(path.read_text("utf-8") for path in (WIDGET / "panel" / "client").glob("*.ts"))
    sent = set(re.findall(r'(?:\.emit\(|event: )"(\w+)"', client))
    assert sent == handlers.keys() - {"connect", "disconnect", "*"}
    events = re.search(r"interface ServerEvents {(.*?)\n}", widget("panel/protocol.ts"), re.DOTALL)
    assert events is not None
    heard = set(re.findall(r"^  (\w+):", events.group(1), re.MULTILINE))
    emitted = set(
        re.findall(r'emit\(\s*"(\w+)"', (ROOT / "chatbot" / "channels" / "web" / "namespace.py").read_text("utf-8"))
    )
    assert emitted
    assert emitted <= heard


def test_panel_and_flows_know_the_same_cards_and_fields() -> None:
    flows = "\n".join(path.read_text("utf-8") for path in (ROOT / "flows").rglob("*.py"))
    known = set(re.findall(r'readonly kind: "(\w+)"', widget("kit/message.ts")))
    assert known == set(re.findall(r'"kind": "(\w+)"', flows))
    fields = re.search(r"type Expects = (.*);", widget("kit/message.ts"))
    assert fields is not None
    assert set(re.findall(r'expects="(\w+)"', flows)) <= set(re.findall(r'"(\w+)"', fields.group(1)))


def test_panel_and_service_count_alike() -> None:
    numbers = dict(re.findall(r"export const (\w+) = (\d+);", widget("panel/protocol.ts")))
    assert numbers == {"MAX_TEXT_LENGTH": str(wire.MAX_TEXT), "CODE_LENGTH": str(keys.CODE_DIGITS)}
