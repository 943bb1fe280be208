"""The edge's own metrics: how many requests come, how many are at work, which instances answer.

Read from HAProxy's exporter directly, not from Prometheus: a second old instead of five to ten, and
one program less that must live for instances to come when they are needed.
"""

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

PORT = 8404
PATH = "/metrics?scope=frontend&scope=backend&scope=server"
MAX_ANSWER_BYTES = 4 * 1024 * 1024
LINE = re.compile(
    r'^haproxy_(?P<metric>frontend_http_requests_total|backend_current_sessions|server_status'
    r'|server_check_status)\{proxy="(?P<proxy>[^"]*)"(?:,server="app-(?P<server>\d+)")?'
    r'(?:,state="(?P<state>[^"]*)")?\} (?P<value>\S+)$'
)  # fmt: skip


class EdgeError(Exception):
    """The edge did not answer, or not with its metrics."""


@dataclass(frozen=True)
class Server:
    """An instance as the edge sees it. status: UP, DOWN, MAINT, DRAIN or NOLB. check: the result
    of its last check, such as L7OK, L7STS (another status than 200) or L7TOUT (no answer)."""

    status: str
    check: str = ""

    @property
    def up(self) -> bool:
        return self.status == "UP"


@dataclass(frozen=True)
class Sample:
    """One reading. requests: so far, of the frontend. work: requests at instances or waiting."""

    at: float
    requests: float
    work: float
    servers: Mapping[int, Server] = field(default_factory=dict)


def parse(text: str, at: float) -> Sample:
    """A page of the exporter. Raises EdgeError when what matters is not in it."""
    totals: dict[str, float] = {}
    states: dict[int, str] = {}
    checks: dict[int, str] = {}
    for match in filter(None, map(LINE.match, text.splitlines())):
        metric, proxy, value = match["metric"], match["proxy"], float(match["value"])
        if match["server"] is not None and proxy == "app" and value == 1:
            found = states if metric == "server_status" else checks
            found[int(match["server"])] = match["state"]
        elif (metric, proxy) in (
            ("frontend_http_requests_total", "http"), ("backend_current_sessions", "app"),
        ):  # fmt: skip
            totals[metric] = value
    if len(totals) < 2 or not states:
        raise EdgeError("the edge's metrics lack requests, sessions or servers")
    return Sample(
        at,
        totals["frontend_http_requests_total"],
        totals["backend_current_sessions"],
        {number: Server(state, checks.get(number, "")) for number, state in states.items()},
    )


class Edge:
    """The exporter at `host`. timeout in seconds."""

    def __init__(self, host: str, timeout: float) -> None:
        self._host = host
        self._timeout = timeout

    def read(self, at: float) -> Sample:
        connection = http.client.HTTPConnection(self._host, PORT, timeout=self._timeout)
        try:
            connection.request("GET", PATH)
            response = connection.getresponse()
            text = response.read(MAX_ANSWER_BYTES).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise EdgeError(f"the edge does not answer: {error or type(error).__name__}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise EdgeError(f"the edge answers {response.status}")
        return parse(text, at)


@dataclass
class Traffic:
    """Samples of the last seconds: a rate from a counter, a mean of what is at work.

    span: seconds; long enough for 20 requests a second to be within a tenth most of the time, short
    enough for a step to be seen in two or three seconds.
    """

    span: float = 5.0
    _samples: list[Sample] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        """A counter that went back is an edge that was reloaded: what was before counts no more."""
        if self._samples and sample.requests < self._samples[-1].requests:
            self._samples.clear()
        self._samples.append(sample)
        # One sample older than the span stays: the rate is measured over the whole of it.
        while len(self._samples) > 2 and sample.at - self._samples[1].at >= self.span:
            self._samples.pop(0)

    def forget(self) -> None:
        """Nothing was read for a while: old samples must not pass for now."""
        self._samples.clear()

    @property
    def requests(self) -> float | None:
        """Requests a second; None before there are two samples."""
        if len(self._samples) < 2:
            return None
        first, last = self._samples[0], self._samples[-1]
        return (last.requests - first.requests) / max(last.at - first.at, 1e-6)

    @property
    def work(self) -> float | None:
        """Requests at work or waiting, on average."""
        if len(self._samples) < 2:
            return None
        return sum(sample.work for sample in self._samples) / len(self._samples)
