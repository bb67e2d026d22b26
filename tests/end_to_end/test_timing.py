"""Pings beside a request for a code tell nobody whether the identifier belongs to a customer.

One socket names an identifier, another pings meanwhile, and a real mail server demands STARTTLS. The work of an email
on the event loop delays the pings, so an unknown identifier must cause the same work.
"""

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chatbot.imports.jsonl import import_bills
from store import open_database
from tests.end_to_end.customer import new_id
from tests.end_to_end.mailing_service import MailingService, mailing_service, settings
from tests.end_to_end.raw_socket import RawSocket
from tests.sizes import size

PAIRS, WARM_UP, PINGS = size(200, 500), 10, 50
MAX_AUC = size(0.8, 0.57)
"""Without any difference, 200 pairs give a standard deviation of 0.03, and 500 pairs of 0.02.

The usual size allows for the mail server's own work, which on two processors delays the pings beside a real email:
there the sum of the five worst had 0.69 and 0.75. The full size has the aim.
"""
BLOCK, BLOCKS = 25, 4
MAX_CPU_RATIO = 1.3
"""Ticks of 10 ms and a busy machine make the figure vary by a tenth; without imitation it was above 2."""
PAUSE_S = 0.02


def identifier(kind: str, number: int) -> str:
    return f"{kind}{number:04}@example.com"


async def import_customers(folder: Path) -> None:
    lines: list[dict[str, Any]] = []
    for number in range(max(WARM_UP + PAIRS, BLOCK * BLOCKS)):
        customer = {"kind": "customer", "id": f"C{number}", "name": "Somebody", "emails": [identifier("known", number)]}
        account = {"kind": "account", "number": f"BB-{number:05}", "name": "Broadband", "currency": "GBP"}
        lines += [customer, {**account, "customers": [f"C{number}"]}]
    (folder / "people.jsonl").write_text("\n".join(map(json.dumps, lines)))
    database = open_database(settings(folder, 1, 1).database.url)
    await database.migrate()
    with (folder / "people.jsonl").open("rb") as file:
        await import_bills(database, file)
    await database.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailingService]:
    with asyncio.Runner() as runner:
        runner.run(import_customers(tmp_path))
    with mailing_service(tmp_path) as running:
        yield running


def auc(known: Sequence[float], unknown: Sequence[float]) -> float:
    """Return the chance that the larger of two times is a known identifier's; 0.5 when they cannot be told apart."""
    order = sorted([(time, 1) for time in known] + [(time, 0) for time in unknown])
    ranks = sum(rank for rank, (_, is_known) in enumerate(order, start=1) if is_known)
    return (ranks - len(known) * (len(known) + 1) / 2) / (len(known) * len(unknown))


async def pings_beside(
    naming: RawSocket, pinging: RawSocket, conversation: str, email: str, pings: int = PINGS
) -> list[float]:
    """Name an identifier on one socket; return the times of pings on the other from that moment on."""
    begun = await naming.ask("start", {"id": new_id(), "action": "pay_bill"})
    said = {"conversation": begun["conversation"], "id": new_id(), "text": email}
    answered = asyncio.create_task(naming.ask("say", said))
    await asyncio.sleep(0)
    times = []
    for _ in range(pings):
        start = time.perf_counter()
        await pinging.ask("open", {"conversation": conversation, "after": 0})
        times.append(time.perf_counter() - start)
    await answered
    await asyncio.sleep(PAUSE_S)
    return times


@pytest.mark.soak
async def test_pings_on_another_socket_do_not_tell_a_customer_from_a_stranger(
    server: MailingService, record_property: Any
) -> None:
    figures: dict[str, dict[str, list[float]]] = {"known": {}, "unknown": {}}
    order = random.Random(7)
    async with RawSocket.open(server.url) as naming, RawSocket.open(server.url) as pinging:
        begun = await pinging.ask("start", {"id": new_id(), "action": "pay_bill"})
        for number in range(WARM_UP + PAIRS):
            for kind in order.sample(["known", "unknown"], 2):
                times = await pings_beside(naming, pinging, begun["conversation"], identifier(kind, number))
                if number >= WARM_UP:
                    for name, figure in (
                        ("first", times[0]),
                        ("worst", max(times)),
                        ("five worst", sum(sorted(times)[-5:])),
                        ("all", sum(times)),
                    ):
                        figures[kind].setdefault(name, []).append(figure)
    found = {name: auc(figures["known"][name], figures["unknown"][name]) for name in figures["known"]}
    for name, area in found.items():
        medians = [1e3 * statistics.median(figures[kind][name]) for kind in ("known", "unknown")]
        record_property(name, area)
        sys.stdout.write(f"{name}: AUC {area:.3f}, p50 {medians[0]:.2f} ms known, {medians[1]:.2f} ms unknown\n")
    assert all(1 - MAX_AUC <= area <= MAX_AUC for area in found.values()), found


def cpu_s(server: MailingService) -> float:
    """The CPU time that the service's process has used."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the CPU time of a process is read from /proc")
async def test_an_unknown_identifier_costs_the_service_as_much_work_as_a_customers(server: MailingService) -> None:
    """Less noisy than pings: a busy machine delays a request and leaves its CPU time as it is."""
    used = {"known": 0.0, "unknown": 0.0}
    async with RawSocket.open(server.url) as naming, RawSocket.open(server.url) as pinging:
        begun = await pinging.ask("start", {"id": new_id(), "action": "pay_bill"})
        for block in range(BLOCKS):
            for kind in ("known", "unknown") if block % 2 else ("unknown", "known"):
                before = cpu_s(server)
                for number in range(block * BLOCK, (block + 1) * BLOCK):
                    await pings_beside(naming, pinging, begun["conversation"], identifier(kind, number), pings=1)
                    await asyncio.sleep(PAUSE_S)  # until the email has left
                used[kind] += cpu_s(server) - before
    sys.stdout.write(f"CPU: {used['known']:.2f} s known, {used['unknown']:.2f} s unknown\n")
    assert max(used.values()) <= MAX_CPU_RATIO * min(used.values()), used
