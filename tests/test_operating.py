"""The examples of docs/operating.md for other programs: a systemd unit, Prometheus rules, limits of proxies."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from engineio.base_server import BaseServer
from prometheus_client import Counter

from chatbot import app
from chatbot.metrics import Metrics
from chatbot.operations import workers
from tests.pages import blocks, codes_in, rows

PAGE = "operating.md"
UNIT, WORKERS = (block.text for block in blocks("ini", PAGE))
RULES: list[dict[str, Any]] = yaml.safe_load(
    next(block.text for block in blocks("yaml", PAGE) if block.about == "alarms")
)["groups"][0]["rules"]
OURS = re.compile(r"(billchat_\w+?)(?:_bucket|_count|_sum)?(?=[\s({\[)])(?:\{(.*?)\})?")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _service(text: str) -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    return unit["Service"]


# ── systemd ──


@pytest.mark.parametrize("more", ["", WORKERS], ids=["one process", "several"])
def test_systemd_understands_the_unit(tmp_path: Path, more: str) -> None:
    program = _program("systemd-analyze")
    unit = tmp_path / "billchat.service"
    unit.write_text((UNIT + more).replace("/opt/billchat/bin/billchat", "/bin/true"))
    done = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "billchat.service" in line] == []


def test_the_unit_waits_for_longer_than_a_stop_takes() -> None:
    assert int(_service(UNIT)["TimeoutStopSec"]) > workers.STOP_TIMEOUT_S


def test_only_a_parent_of_workers_is_told_to_reload() -> None:
    assert "ExecReload" not in _service(UNIT)
    assert "-HUP" in _service(WORKERS)["ExecReload"]
    assert "--workers" in _service(WORKERS)["ExecStart"]


# ── proxies ──


def test_a_proxy_is_more_patient_than_the_pings() -> None:
    site = next(block.text for block in blocks("nginx", PAGE) if "server_name" in block.text)
    engine = BaseServer()
    for direction in ("read", "send"):
        [seconds] = re.findall(rf"proxy_{direction}_timeout +(\d+)s;", site)
        assert int(seconds) > engine.ping_interval + engine.ping_timeout


def test_a_proxy_takes_the_bodies_that_we_take() -> None:
    ours = re.search(r"client_max_size=(\d+) \* 1024", Path(app.__file__).read_text("utf-8"))
    assert ours is not None
    for language, word in (("nginx", "client_max_body_size"), ("caddy", "max_size")):
        text = next(block.text for block in blocks(language, PAGE) if "chat.example.com" in block.text)
        assert re.findall(rf"{word} +(\d+)[kK]", text) == [ours[1]]


# ── Prometheus ──


def test_prometheus_understands_the_rules(tmp_path: Path) -> None:
    program = _program("promtool")
    path = tmp_path / "rules.yml"
    path.write_text(next(block.text for block in blocks("yaml", PAGE) if block.about == "alarms"))
    done = subprocess.run([program, "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alarm_is_in_the_table_and_has_its_rule() -> None:
    assert [codes_in(row[0])[0] for row in rows(PAGE, "Alarms")] == [rule["alert"] for rule in RULES]


def test_every_metric_has_an_alarm_or_counts_for_one() -> None:
    told = {codes_in(row[0])[0] for row in rows(PAGE, "Metrics")}
    assert {name for rule in RULES for name, _ in OURS.findall(rule["expr"] + " ")} == told


def test_an_alarm_asks_only_for_metrics_and_labels_that_exist() -> None:
    labels = {
        f"{family.name}_total" if isinstance(metric, Counter) else family.name: set(metric._labelnames)
        for name, metric in vars(Metrics()).items()
        if name != "registry"
        for family in metric.collect()
    }
    outcomes = {codes_in(row[0])[0]: row[1] for row in rows(PAGE, "Metrics")}
    for rule in RULES:
        for name, selector in OURS.findall(rule["expr"] + " "):
            for label, value in re.findall(r'(\w+)=~?"([^"]*)"', selector):
                assert label in labels[name], (rule["alert"], label)
                assert all(re.search(rf"\b{one}\b", outcomes[name]) for one in value.split("|")), (rule["alert"], value)
