"""The function on a stage: mishaps come in on cue, and a witness at AWS's end keeps count of what took effect.

The witness knows the promise, not the code: it sees publishes and writes, and what the function answered.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from alipay_gateway.app import Handler
from alipay_gateway.errors import LedgerUnavailable
from alipay_gateway.redrive import Summary
from alipay_gateway.redrive import build as build_redrive
from local.alipay import SignedNotification
from local.events import Carrier, http_api_event
from tests.faults.mishaps import SECONDS, Key, Mishap, ProcessDied, call_of, error_answer
from tests.support.lambda_context import LambdaContext
from tests.support.world import STORES, World, new_session

BACKOFF_S = 1.0
"""The longest that botocore waits before its second attempt."""

RENEWED_AFTER = 20
"""Processes that share clients: few enough that botocore's quota of second attempts never runs out."""

REDRIVE_MS = 300_000
"""The redrive's time-out."""

T = TypeVar("T")
Cue = tuple[str, str]
"""A call and `before` or `after` its effect: where something else happens meanwhile."""


@dataclass
class Trace:
    """What reached the outside of one genuine notification."""

    data: str
    events: list[str] = field(default_factory=list)
    excuses: list[str] = field(default_factory=list)
    """Each is a publish of which no record may be left, and allows one more."""
    acknowledged: bool = False


@dataclass(frozen=True)
class Attempt:
    """An attempt of a call: to which notification, with which event when it publishes one, and what happens to it."""

    call: str
    key: Key | None
    event: str
    mishap: Mishap | None


@dataclass
class Invocation:
    """One run of the function. `mishaps` are used up, attempt by attempt."""

    context: LambdaContext
    mishaps: dict[str, list[Mishap]]
    meanwhile: dict[Cue, Callable[[], object]]
    holds: set[Key] = field(default_factory=set)
    owes: set[Key] = field(default_factory=set)
    """Published and known to be, but not recorded yet."""
    effects: list[str] = field(default_factory=list)
    attempt: "Attempt | None" = None
    """The one under way."""
    hindered: bool = False
    """Whether a mishap met its record of a publish, or ended it."""


class SharedClients:
    """Stands for a session: making clients takes long, and they remember nothing but their quota of second attempts."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    def create_client(self, service: str, **options: Any) -> Any:
        if service not in self._clients:
            self._clients[service] = new_session().create_client(service, **options)
        return self._clients[service]


class Stage:
    """Runs deliveries in a world; `check` raises what the witness saw going wrong."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.traces: dict[Key, Trace] = {}
        self.log: list[str] = []
        self.totals: dict[str, int] = defaultdict(int)
        self._violations: list[str] = []
        self._running: list[Invocation] = []
        self._processes = 0

    @contextmanager
    def open(self) -> Iterator["Stage"]:
        with ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr("botocore.endpoint.time.sleep", lambda _seconds: self._pass(BACKOFF_S))
            stack.enter_context(self.world.hooked("before-send.", self._before))
            stack.enter_context(self.world.hooked("before-send.", self._after, last=True))
            yield self

    def process(self, *, skew_s: float = 0) -> Handler:
        """A new instance of the function, with nothing cached; its clock is ahead of the world's by `skew_s`."""
        return self.world.process(skew_s=skew_s, session=self._clients())

    def _clients(self) -> Any:
        if self._processes % RENEWED_AFTER == 0:
            self._session = SharedClients()
        self._processes += 1
        return self._session

    def expect(self, notification: SignedNotification) -> Key:
        """Makes a genuine notification known to the witness."""
        key = key_of(notification)
        self.traces[key] = Trace(notification.parameters["biz_content"])
        return key

    def deliver(
        self,
        handler: Handler,
        notification: SignedNotification,
        *,
        mishaps: dict[str, list[Mishap]] | None = None,
        meanwhile: Mapping[Cue, Callable[[], object]] | None = None,
        carrier: Carrier = "base64 body",
    ) -> str | None:
        """A genuine notification's delivery: the word answered, or None when the process died."""
        key = key_of(notification)
        event = http_api_event(notification, received_ms=int(self.world.now * 1000), carrier=carrier)
        word, _ = self._answer(handler, event, mishaps, meanwhile)
        self.log.append(f"{key}: {word or 'died'}")
        if word == "success":
            self.expect_that(bool(self.traces[key].events), f"{key} acknowledged, not published")
            in_flight = any(key in other.holds and other.context.remaining_ms > 0 for other in self._running)
            self.expect_that(not in_flight, f"{key} acknowledged while another delivery of it was in flight")
        return word

    def forge(self, handler: Handler, forgery: SignedNotification) -> None:
        """A forged or outdated notification's delivery: nothing may come of it."""
        event = http_api_event(forgery, received_ms=int(self.world.now * 1000))
        word, invocation = self._answer(handler, event, None, None)
        self.expect_that(word == "fail", f"a forgery was answered {word}")
        self.expect_that(not invocation.effects, f"a forgery led to {invocation.effects}")

    def redrive(
        self,
        *,
        skew_s: float = 0,
        mishaps: dict[str, list[Mishap]] | None = None,
        meanwhile: Mapping[Cue, Callable[[], object]] | None = None,
    ) -> Summary | None:
        """One run of the redrive: its summary, or None when the ledger failed it or the process died."""
        redrive = build_redrive(STORES, self._clients(), lambda: self.world.now + skew_s)

        def act(context: LambdaContext) -> Summary | None:
            try:
                return redrive.run(context.aws_request_id, context.get_remaining_time_in_millis)
            except LedgerUnavailable:
                return None

        summary, _ = self.run(act, mishaps=mishaps, meanwhile=meanwhile, remaining_ms=REDRIVE_MS)
        self.totals["redrives"] += 1
        self.log.append(f"redrive: {summary}")
        return summary

    def run(
        self,
        act: Callable[[LambdaContext], T],
        *,
        mishaps: dict[str, list[Mishap]] | None = None,
        meanwhile: Mapping[Cue, Callable[[], object]] | None = None,
        remaining_ms: int = 25_000,
    ) -> tuple[T | None, Invocation]:
        """One run of a function: what it returned, or None when it died."""
        invocation = Invocation(LambdaContext(remaining_ms), {} if mishaps is None else mishaps, dict(meanwhile or {}))
        self._running.append(invocation)
        try:
            return act(invocation.context), invocation
        except ProcessDied:
            invocation.hindered = True
            return None, invocation
        finally:
            self._running.pop()
            for key in invocation.owes:
                self.expect_that(invocation.hindered, f"{key} published and not recorded, though nothing prevented it")
                self.traces[key].excuses.append("not recorded")

    @property
    def is_on(self) -> bool:
        """Whether the function is running: only when it is not have all publishes been accounted for."""
        return bool(self._running)

    def expect_that(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001  reads as a sentence
        """Collected, not raised: the function would catch what is raised inside of it."""
        if not holds:
            self.log.append(f"VIOLATION {otherwise}")
            self._violations.append(otherwise)

    def check(self, *keys: Key) -> None:
        """Raises what went wrong so far, and counts the copies of these notifications."""
        for key in keys:
            trace = self.traces[key]
            self.expect_that(
                len(trace.events) <= 1 + len(trace.excuses),
                f"{key} published {len(trace.events)} times; allowed for: {trace.excuses}",
            )
        assert not self._violations, "\n".join(["", *self.log])

    def _answer(
        self,
        handler: Handler,
        event: dict[str, Any],
        mishaps: dict[str, list[Mishap]] | None,
        meanwhile: Mapping[Cue, Callable[[], object]] | None,
    ) -> tuple[str | None, Invocation]:
        reply, invocation = self.run(lambda context: handler(event, context), mishaps=mishaps, meanwhile=meanwhile)
        self.totals["deliveries"] += 1
        if reply is None:
            return None, invocation
        well_formed = (reply["statusCode"], reply["body"]) == (200, "success") or (
            reply["statusCode"] in {400, 403, 409, 503} and reply["body"] == "fail"
        )
        self.expect_that(well_formed, f"answered {reply}")
        return reply["body"], invocation

    # ── At the wire ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _before(self, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        invocation = self._running[-1]
        call, key, event = call_of(event_name, request)
        self._interrupt(invocation, (call, "before"))
        due = invocation.mishaps.get(call)
        mishap = due.pop(0) if due else None
        invocation.attempt = Attempt(call, key, event, mishap)
        self.log.append(f"{' ' * len(self._running)}{call} {key or ''}{f': {mishap}' if mishap else ''}")
        if mishap:
            self.totals["mishaps"] += 1
            invocation.hindered |= call == "complete"
        if mishap in {Mishap.REFUSED, Mishap.SLOW}:
            self._pass(SECONDS[mishap])
        if mishap is Mishap.DIES_BEFORE or invocation.context.remaining_ms <= 0:
            raise ProcessDied
        if mishap is Mishap.REFUSED:
            raise ConnectTimeoutError(endpoint_url=request.url)
        return error_answer(mishap, event_name, request.url) if mishap else None

    def _after(self, request: Any, answer: AWSResponse, **_: Any) -> None:
        invocation = self._running[-1]
        attempt = invocation.attempt
        assert attempt
        published = None
        if attempt.key and answer.status_code == 200:
            self._took_effect(invocation, attempt, attempt.key)
            published = self.traces.get(attempt.key) if attempt.call == "publish" else None
        self._interrupt(invocation, (attempt.call, "after"))
        if attempt.mishap is Mishap.LOST:
            self._pass(SECONDS[Mishap.LOST])
        dies = attempt.mishap is Mishap.DIES_AFTER or invocation.context.remaining_ms <= 0
        if published and (dies or attempt.mishap is Mishap.LOST):
            published.excuses.append("died after the publish" if dies else "the publish's answer was lost")
        elif published and attempt.key:
            invocation.owes.add(attempt.key)
        if dies:
            raise ProcessDied
        if attempt.mishap is Mishap.LOST:
            raise ReadTimeoutError(endpoint_url=request.url)

    def _took_effect(self, invocation: Invocation, attempt: Attempt, key: Key) -> None:
        invocation.effects.append(f"{attempt.call} {key}")
        others = [other for other in self._running if other is not invocation and other.context.remaining_ms > 0]
        if attempt.call == "claim":
            self.expect_that(not any(key in other.holds for other in others), f"{key} claimed by two at once")
            invocation.holds.add(key)
        elif attempt.call == "publish":
            self.totals["publishes"] += 1
            self.expect_that(key in self.traces, f"{key} published, and it is not genuine")
            self.expect_that(key in invocation.holds, f"{key} published without a claim")
            if key in self.traces:
                trace = self.traces[key]
                trace.events.append(attempt.event)
                self.expect_that(attempt.event.endswith(f'"data":{trace.data}}}'), f"{key} published with other data")
        else:
            invocation.owes.discard(key)
            invocation.holds.discard(key)

    def _interrupt(self, invocation: Invocation, cue: Cue) -> None:
        if other := invocation.meanwhile.pop(cue, None):
            other()

    def _pass(self, seconds: float) -> None:
        self.world.now += seconds
        for invocation in self._running:
            invocation.context.remaining_ms -= int(seconds * 1000)


def key_of(notification: SignedNotification) -> Key:
    return notification.parameters["notify_id"], notification.parameters["app_id"]
