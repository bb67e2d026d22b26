"""The documentation is right: examples run, links lead somewhere, numbers and names are those of the code."""

import ast
import json
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import Counter

from chatbot.channels.web import wire
from chatbot.channels.web.namespace import NAMESPACE, WebChannel
from chatbot.cli import main
from chatbot.config.load import load
from chatbot.config.serving_checks import serving_problems
from chatbot.config.settings import LimitSettings, Settings
from chatbot.imports.jsonl import Imported, import_bills
from chatbot.imports.problems import NotImported
from chatbot.metrics import Metrics
from chatbot.payments.gateways import GATEWAYS
from flows.events import Event
from flows.wording.words import Words
from store import open_database
from tests.clock import FakeClock
from tests.end_to_end.customer import Customer, new_id
from tests.pages import BLOCKS, DOCS, FENCE, PAGES, ROOT, Block, blocks, codes_in, prose, rows
from tests.service_fixture import ServiceFixture
from tests.waiting import MAX_WAIT_S, wait_until

SECRET = "0123456789abcdef0123456789abcdef"
NAMES = [page.name for page in PAGES]


# ── links, paths, names ──


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`((?:chatbot|flows|store|widget|tests|docs)/[\w./-]*)`", page.read_text("utf-8"))
    placeholders = ("NAME", "xx.ftl", "screenshots")
    for path in named:
        assert any(mark in path for mark in placeholders) or (ROOT / path).exists(), path


def test_the_readmes_table_opens_what_it_names() -> None:
    table = (ROOT / "README.md").read_text("utf-8").split("| I want to… | open |")[1].split("\n\n")[0]
    folder = ""
    for name in re.findall(r"`([\w/]+(?:\.(?:py|ts|ftl|css|yaml|md)|/))`", table):
        folder = f"{Path(name).parent}/" if "/" in name else folder
        assert (ROOT / name).exists() or (ROOT / folder / name).exists(), name


def test_every_page_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_key_of_the_configuration_that_is_named_exists(page: Path) -> None:
    sections = Settings.with_gateways(GATEWAYS).model_fields
    for section, key in re.findall(r"`(\w+)\.(\w+)`", page.read_text("utf-8")):
        if section in sections and key not in ("yaml", "md"):
            assert key in sections[section].annotation.model_fields, f"{section}.{key}"  # type: ignore[union-attr]


# ── commands ──


def _shell() -> Iterator[tuple[str, list[str]]]:
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", "").splitlines():
            if words := shlex.split(line, comments=True):
                yield block.page, words


def test_every_command_of_ours_is_understood() -> None:
    mentioned = [words for _, words in _shell() if Path(words[0]).name == "billchat"]
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    mentioned += [shlex.split(line) for line in re.findall(r"`(?:\.venv/bin/)?(billchat [^`…]+)`", text)]
    assert len(mentioned) > 5
    for words in mentioned:
        arguments = words[1:] if words[1:] != ["import"] else ["import", "file.jsonl"]
        assert main._parser().parse_args(arguments), words


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    named = {name for call in re.findall(r"(?:^|`)make ([a-z ]+)", text, re.MULTILINE) for name in call.split()}
    assert [name for name in sorted(named) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


async def test_every_statement_for_the_database_runs(tmp_path: Path, billchat: ServiceFixture) -> None:
    shell = [words[2] for _, words in _shell() if words[0] == "sqlite3"]
    statements = [block.text for block in blocks("sql")] + [said for said in shell if not said.startswith(".")]
    path = billchat.service.settings.database.url.removeprefix("sqlite:///")
    with sqlite3.connect(path, timeout=MAX_WAIT_S, isolation_level=None) as database:
        for statement in statements:
            database.executescript(statement.replace("/var/backups", str(tmp_path)))
    with sqlite3.connect(tmp_path / "billchat-new.db") as copy:
        assert copy.execute("select count(*) from contacts").fetchone() == (4,)


@pytest.fixture
async def billchat(tmp_path: Path, clock: FakeClock) -> AsyncIterator[ServiceFixture]:
    opened = await ServiceFixture.open(tmp_path, clock)
    yield opened
    await opened.close()


# ── configuration ──


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if not block.about], ids=str)
def test_every_example_of_a_configuration_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: Block
) -> None:
    monkeypatch.setenv("BILLCHAT_SECRETS__KEY", SECRET)
    monkeypatch.setenv("BILLCHAT_EMAIL__PASSWORD", SECRET)
    path = tmp_path / "config.yaml"
    path.write_text(block.text)
    settings = load(path, GATEWAYS)
    if block.page == "operating.md":
        assert serving_problems(settings) == []


def test_the_limits_are_told_with_their_defaults() -> None:
    told = {codes_in(row[0])[0]: row[1] for row in rows("security.md", "Limits")}
    assert told == {key: str(value) for key, value in LimitSettings().model_dump().items()}


# ── importing ──


async def test_every_example_of_an_import_is_taken_in(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'billchat.db'}")
    await database.migrate()
    for block in blocks("jsonl"):
        assert isinstance(await import_bills(database, block.text.splitlines(), region="GB"), Imported)
    await database.close()


async def test_a_refused_import_is_told_in_the_words_of_the_page(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'billchat.db'}")
    record = json.loads(blocks("jsonl", "importing.md")[0].text.splitlines()[2])
    lines = [b""] * 7
    lines[2] = json.dumps(record | {"due_on": "15/11/2026"}).encode()
    lines += ['{"kind": "customer", "id": "C-2", "name": "René"}'.encode("latin-1"), b"nonsense"]
    result = await import_bills(database, lines)
    assert isinstance(result, NotImported)
    printed = [block.text for block in BLOCKS if block.page == "importing.md" and not block.language]
    assert "".join(f"{problem}\n" for problem in (*result.problems, "Nothing was imported.")) == printed[1]
    await database.close()


def test_an_import_prints_what_the_page_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bills, config = tmp_path / "customers.jsonl", tmp_path / "config.yaml"
    config.write_text(f"database: {{url: 'sqlite:///{tmp_path / 'billchat.db'}'}}\n")
    printed = [block.text for block in BLOCKS if block.page == "importing.md" and not block.language]
    bills.write_text(blocks("jsonl", "importing.md")[0].text)
    assert main.main(["import", str(bills), "--config", str(config)]) == 0
    assert capsys.readouterr().out == printed[0]
    bills.write_text(
        '{"kind": "credit", "reference": "1", "account": "BB-1", "amount_minor": 1}\n'
        '{"kind": "account", "number": "BB-9", "name": "Line", "currency": "GBP", "customers": ["C-9"]}\n'
    )
    assert main.main(["import", str(bills), "--config", str(config)]) == 1
    assert capsys.readouterr().err == printed[2]


# ── metrics and log ──


def test_every_metric_is_explained_and_every_explained_one_exists() -> None:
    metrics = vars(Metrics())
    exposed = {
        f"{family.name}_total" if isinstance(metric, Counter) else family.name
        for name, metric in metrics.items()
        if name != "registry"
        for family in metric.collect()
    }
    assert {codes_in(row[0])[0] for row in rows("operating.md", "Metrics")} == exposed
    assert set(re.findall(r"`(billchat_\w+)`", prose("operating.md"))) == exposed


def test_every_line_of_the_log_that_asks_for_something_is_explained() -> None:
    written: dict[str, str] = {}
    for path in (ROOT / "chatbot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and path.parent.name != "demo":
                name, target = node.func.attr, node.func.value
                if isinstance(target, ast.Name) and target.id == "log" and isinstance(node.args[0], ast.Constant):
                    written[node.args[0].value] = {"exception": "error"}.get(name, name)
    loud = {event: level for event, level in written.items() if level in ("warning", "error", "critical")}
    loud["letter given up"] = "error"  # by a level that is chosen as it goes
    assert {codes_in(row[0])[0]: row[1] for row in rows("operating.md", "Log")} == loud


# ── the wire ──


@dataclass
class LiveOutput:
    """Output of a running service: answers by event, cards by kind, events by name, a refusal and a connect error."""

    answers: dict[str, Any]
    cards: dict[str, Any]
    events: dict[str, Any]
    refusal: dict[str, Any]
    connect_error: dict[str, Any]
    handlers: set[str]


@pytest.fixture
async def output(billchat: ServiceFixture) -> AsyncIterator[LiveOutput]:
    app = web.Application()
    channel = WebChannel(billchat.service, billchat.turns)
    channel.attach(app)
    server = TestServer(app)
    await server.start_server()
    customer = await Customer(str(server.make_url(""))).connect()
    start = {"id": new_id(), "action": "pay_bill"}
    answers: dict[str, Any] = {"start": await customer.ask("start", start)}
    here = {"conversation": answers["start"]["conversation"]}
    customer.conversation = here["conversation"]
    answers["say"] = await customer.ask("say", {**here, "id": new_id(), "text": "owes@example.com"})
    answers["open"] = await customer.ask("open", {**here, "after": 0})
    answers["seen"] = await customer.ask("seen", {**here, "seq": 1})
    refusal = await customer.ask("start", {**start, "action": None})
    await customer.say(await billchat.code(customer.conversation))
    device = await Customer(str(server.make_url("")), session=customer.session).connect()
    device.conversation = customer.conversation
    await customer.choose("pay_all")
    paid = {"payment": "1", "amount_minor": 4250, "currency": "GBP", "reference": "R-1", "left_minor": 0}
    paid["link"] = "1"
    paid["paid_at"] = "2026-11-23T09:30:00.000Z"
    pending = Event("payment_pending", {"amount_minor": 4250, "currency": "GBP", "link": "1"})
    await billchat.turns.apply_external_event(customer.conversation, lambda tx: pending)
    await billchat.turns.apply_external_event(customer.conversation, lambda tx: Event("payment_completed", paid))
    await device.wait_for_card("receipt")
    await wait_until(lambda: bool(customer.sessions))
    events = {
        "welcome": device.welcome,
        "session": customer.sessions[0],
        "messages": {**here, "messages": list(device.messages.values())},
    }
    debited = await Customer(str(server.make_url(""))).connect()
    await debited.start("pay_bill")
    await debited.say("dd@example.com")
    await debited.say(await billchat.code(debited.conversation))
    everything = [*device.messages.values(), *customer.messages.values(), *debited.messages.values()]
    cards = {message["card"]["kind"]: message["card"] for message in everything if "card" in message}
    connect_error = channel._limits.refusal(None)
    yield LiveOutput(answers, cards, events, refusal, connect_error, set(channel.sio.handlers[NAMESPACE]))
    for connected in (customer, device, debited):
        await connected.leave()
    await server.close()


def _fits(shown: Any, live: Any) -> bool:
    """Tell whether an example has the same keys and types as a running service's output."""
    if isinstance(shown, dict) and isinstance(live, dict):
        return shown.keys() == live.keys() and all(_fits(shown[key], live[key]) for key in shown)
    if isinstance(shown, list) and isinstance(live, list):
        return all(any(_fits(one, other) for other in live) for one in shown)
    return type(shown) is type(live)


async def test_every_example_of_the_wire_is_as_a_live_service_speaks(output: LiveOutput) -> None:
    shapes = {"start": wire.StartPayload, "say": wire.SayPayload, "open": wire.OpenPayload, "seen": wire.SeenPayload}
    live = {"answer": output.answers, "event": output.events, "card": output.cards, "refusal": {"": output.refusal}}
    live["connect_error"] = {"": output.connect_error}
    for block in blocks("json", "wire.md"):
        what, _, name = block.about.partition(" ")
        shown = json.loads(block.text)
        if what == "payload":
            assert msgspec.to_builtins(msgspec.convert(shown, shapes[name])) == shown
        elif what == "auth":
            assert shown.keys() == {"session", "locale"}
        else:
            assert _fits(shown, live[what][name]), f"{block.about}: {live[what][name]}"


async def test_every_event_and_card_of_the_wire_is_described(output: LiveOutput) -> None:
    asked = set(re.findall(r"^### (\w+)$", prose("wire.md"), re.MULTILINE))
    assert asked == output.handlers - {"connect", "disconnect", "*"}
    assert {codes_in(row[0])[0] for row in rows("wire.md", "Hearing")} >= output.events.keys()
    assert {kind for kind in output.cards if f'"kind": "{kind}"' not in (DOCS / "wire.md").read_text("utf-8")} == set()


def test_every_refusal_has_words_and_is_described() -> None:
    told = {codes_in(row[0])[0] for row in rows("wire.md", "Refusals")}
    assert told == {key.removeprefix("error-").replace("-", "_") for key in Words().strings("error-", "en")}


# ── gateways and turns ──


@pytest.mark.parametrize("block", [b for b in blocks("python") if "/" in b.about], ids=str)
def test_what_is_quoted_stands_in_its_file(block: Block) -> None:
    assert block.text in (ROOT / block.about).read_text("utf-8")


def _apply(diff: str, path: Path) -> None:
    """Apply a diff with hunks separated by @@. The removed lines of a hunk must be in the file once."""
    text = path.read_text("utf-8")
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] or "\n" for line in lines if not line.startswith("+"))
        after = "".join(line[1:] or "\n" for line in lines if not line.startswith("-"))
        assert text.count(before) == 1, f"{path.name} does not have once:\n{before}"
        text = text.replace(before, after)
    path.write_text(text, "utf-8")


def test_the_worked_example_works(tmp_path: Path) -> None:
    for room in ("chatbot", "flows", "store"):
        copytree(ROOT / room, tmp_path / room)
    (tmp_path / "tests").mkdir()
    for name in ("service_fixture.py", "clock.py"):
        (tmp_path / "tests" / name).write_text((ROOT / "tests" / name).read_text("utf-8"))
    for block in blocks("diff", "turns.md"):
        _apply(block.text, tmp_path / block.about)
    [test] = [block.text for block in blocks("python", "turns.md") if block.about == "test"]
    name = re.search(r"def (\w+)", test)
    assert name is not None
    (tmp_path / "run.py").write_text(
        "import asyncio\nfrom pathlib import Path\nfrom chatbot.conversations.requests import TurnRefusal\n"
        "from tests.clock import FakeClock\nfrom tests.service_fixture import ServiceFixture, told\n\n"
        f"{test}\n\nasync def run():\n    billchat = await ServiceFixture.open(Path('data'), FakeClock())\n"
        f"    await {name.group(1)}(billchat)\n    await billchat.close()\n\nasyncio.run(run())\n"
    )
    done = subprocess.run([sys.executable, "run.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
