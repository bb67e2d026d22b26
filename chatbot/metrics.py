"""The Prometheus metrics. No label carries an identifier, a code, a token or a customer's words."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CODE_OUTCOMES = ("sent", "refused", "right", "wrong", "superseded", "expired", "used_up")


class Metrics:
    """The service's metrics, in a registry of their own so that tests can run several services."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.turns = Counter("billchat_turns", "Turns taken, by how they ended", ["outcome"], registry=registry)
        self.turn_seconds = Histogram(
            "billchat_turn_seconds",
            "Time of a turn from its arrival to its commit",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
            registry=registry,
        )
        self.sockets = Gauge(
            "billchat_sockets", "Customers' sockets open now", registry=registry, multiprocess_mode="livesum"
        )
        self.slowed_down = Counter(
            "billchat_slowed_down", "Requests and connections that were asked to slow down, by limit",
            ["limit"], registry=registry,
        )  # fmt: skip
        self.codes = Counter(
            "billchat_codes", f"One-time codes, by what happened: {', '.join(CODE_OUTCOMES)}",
            ["outcome"], registry=registry,
        )  # fmt: skip
        for outcome in CODE_OUTCOMES:
            self.codes.labels(outcome)  # export zeros: an alarm compares the outcomes before each has occurred
        self.payments = Counter(
            "billchat_payments", "Payments, by gateway and outcome", ["gateway", "outcome"], registry=registry
        )
        self.outbox_waiting = Gauge(
            "billchat_outbox_waiting", "Emails and texts that wait to be sent",
            registry=registry, multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self.outbox_oldest_seconds = Gauge(
            "billchat_outbox_oldest_seconds", "Age of the oldest that waits",
            registry=registry, multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self.outbox_sends = Counter(
            "billchat_outbox_sends", "Tries to send, by channel and outcome: sent, retry, failed, dropped",
            ["channel", "outcome"], registry=registry,
        )  # fmt: skip
        self.gc_pause = Gauge(
            "billchat_longest_gc_pause_seconds",
            "The longest collection of garbage of the last 15 seconds, in processor time",
            registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self.redis = Gauge(
            "billchat_redis_up", "Whether every process hears the others by Redis: 1 or 0",
            registry=registry, multiprocess_mode="livemin",
        )  # fmt: skip

    def report(self) -> bytes:
        """Return the metrics in Prometheus' text format, added up over all workers."""
        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # set by chatbot.operations.workers for prometheus_client
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
