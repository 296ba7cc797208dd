"""Deliveries in any order, at once, of several apps, with keys that change: a state machine tries to break the promise.

`LONG=1` tries for longer, elsewhere each time, and makes the shortest example of what it finds.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule
from moto import mock_aws

from alipay_gateway.app import Handler
from local.alipay import SignedNotification, SimulatedAlipay
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED, Message
from tests.faults.mishaps import Key, Mishap
from tests.faults.plans import ALL
from tests.faults.stage import Cue, Stage, key_of
from tests.support.world import TABLE, World, aws

LONG = bool(os.environ.get("LONG"))
HOUR_S, DAY_S = 3600, 86_400
APPS = ("2014060600164699", "2021000000000002")
SKEWS_S = (0, 15, -15)
"""Of instances that work at the same time: a lease bears more than a delivery's 25 s and such a difference."""
RETRIES_S = 25 * HOUR_S
WINDOW_S = 30 * DAY_S
STALE_KEYS_S = 400
"""After this, every instance that can read the keyring has read it again."""


@cache
def alipay(number: int) -> SimulatedAlipay:
    """One of several key pairs: making one takes long."""
    return SimulatedAlipay.generate()


KEY_PAIRS = 6
STRANGER = KEY_PAIRS


@dataclass
class App:
    """An app's key pairs by number: those in the keyring, the last of which Alipay signs with; and those taken out."""

    keys: list[int]
    retired: list[int] = field(default_factory=list)


@dataclass
class Sent:
    """A notification that Alipay sends, and every signed form of it that somebody may have captured."""

    key: Key
    first_sent_s: float
    captures: list[tuple[int, float, SignedNotification]]
    """Key pair, when sent, and what was sent."""
    acknowledged: bool = False


@dataclass
class Instance:
    handler: Handler
    skew_s: float


def faults() -> st.SearchStrategy[dict[str, tuple[Mishap, ...]]]:
    calls = st.sampled_from(["keyring", "claim", "publish", "publish", "complete", "complete", "release"])
    return st.dictionaries(calls, st.sampled_from(ALL), max_size=2)


def due(chosen: dict[str, tuple[Mishap, ...]]) -> dict[str, list[Mishap]]:
    return {call: list(attempts) for call, attempts in chosen.items()}


CUES = st.sampled_from([(call, when) for call in ("claim", "publish", "complete") for when in ("before", "after")])
INSTANCES = st.integers(0, len(SKEWS_S) - 1)
MESSAGES = st.sampled_from([OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED])


class AnyOrder(RuleBasedStateMachine):
    """What Alipay, AWS, time, the operator and an attacker do; the stage's witness judges."""

    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self._exit = ExitStack()
        self._exit.enter_context(mock_aws())
        self.world = World(alipay(0))
        self.world.now = 1_800_000_000.0
        self.stage = self._exit.enter_context(Stage(self.world).open())
        self.apps = {app_id: App([number]) for number, app_id in enumerate(APPS)}
        self.next_key = len(APPS)
        self.all_sent: list[Sent] = []
        self.keyring_readable = True
        self.put_keyring()
        self.instances = [Instance(self.stage.process(skew_s=skew_s), skew_s) for skew_s in SKEWS_S]

    # ── Alipay ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(
        target=sent,
        message=MESSAGES,
        apps=st.sampled_from([APPS[:1], APPS[1:], APPS]),
        charset=st.sampled_from(["UTF-8", "GBK"]),
    )
    def send(self, message: Message, apps: tuple[str, ...], charset: str) -> Any:
        """A notification to one app, or a broadcast to both under one notify_id; nothing of it arrives yet."""
        notify_id = f"n-{len(self.all_sent)}"
        new = []
        for app_id in apps:
            number = self.apps[app_id].keys[-1]
            notification = alipay(number).notification(
                app_id=app_id, **vars(message), notify_id=notify_id, utc_timestamp=self.now_ms(), charset=charset
            )
            self.stage.expect(notification)
            new.append(Sent(key_of(notification), self.world.now, [(number, self.world.now, notification)]))
        self.all_sent += new
        return multiple(*new)

    @rule(sent=sent, instance=INSTANCES, chosen=faults())
    def deliver(self, sent: Sent, instance: int, chosen: dict[str, tuple[Mishap, ...]]) -> None:
        self.deliver_to(instance, sent, due(chosen), {})

    @rule(
        sent=sent,
        instance=INSTANCES,
        chosen=faults(),
        cue=CUES,
        others=st.lists(sent, min_size=1, max_size=2),
        by=st.integers(1, len(SKEWS_S) - 1),
        chosen_by_other=faults(),
        same=st.booleans(),
    )
    def deliver_two_at_once(
        self,
        sent: Sent,
        instance: int,
        chosen: dict[str, tuple[Mishap, ...]],
        cue: Cue,
        others: list[Sent],
        by: int,
        chosen_by_other: dict[str, tuple[Mishap, ...]],
        *,
        same: bool,
    ) -> None:
        """In the middle of one delivery, another instance gets one or two, of the same notification or of others."""
        to = (instance + by) % len(self.instances)

        def meanwhile() -> None:
            for other in others:
                self.deliver_to(to, sent if same else other, due(chosen_by_other), {})

        self.deliver_to(instance, sent, due(chosen), {cue: meanwhile})

    @rule(sent=sent, hours=st.sampled_from([-1, 1]), chosen=faults())
    def deliver_to_an_instance_whose_clock_is_wrong(
        self, sent: Sent, hours: int, chosen: dict[str, tuple[Mishap, ...]]
    ) -> None:
        self.deliver_by(self.stage.process(skew_s=hours * HOUR_S), sent, due(chosen), {})

    # ── Time, and what comes with it ─────────────────────────────────────────────────────────────────────────────────

    @rule(seconds=st.sampled_from([1, 30, 60, 120, 600, HOUR_S, 6 * HOUR_S]))
    def wait(self, seconds: int) -> None:
        self.world.now += seconds

    @rule(chosen=faults(), skew_s=st.sampled_from(SKEWS_S))
    def redrive(self, chosen: dict[str, tuple[Mishap, ...]], skew_s: int) -> None:
        self.stage.redrive(skew_s=skew_s, mishaps=due(chosen))
        self.check()

    @rule(sent=sent, instance=INSTANCES, cue=CUES, chosen=faults(), chosen_by_delivery=faults())
    def redrive_and_deliver_at_once(
        self,
        sent: Sent,
        instance: int,
        cue: Cue,
        chosen: dict[str, tuple[Mishap, ...]],
        chosen_by_delivery: dict[str, tuple[Mishap, ...]],
    ) -> None:
        def meanwhile() -> None:
            self.deliver_to(instance, sent, due(chosen_by_delivery), {})

        self.stage.redrive(mishaps=due(chosen), meanwhile={cue: meanwhile})
        self.check()

    # ── The operator ─────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(app_id=st.sampled_from(APPS), change=st.sampled_from(["add", "retire", "replace", "break", "mend"]))
    def change_the_keyring(self, app_id: str, change: str) -> None:
        """Adds a key, takes out all but the newest, both at once; or spoils the whole document, until it is mended."""
        app = self.apps[app_id]
        if change in {"add", "replace"}:
            app.keys = [*(key for key in app.keys if key != self.next_key), self.next_key]
            self.next_key = (self.next_key + 1) % KEY_PAIRS
        if change in {"retire", "replace"}:
            app.retired, app.keys = [*app.retired, *app.keys[:-1]], app.keys[-1:]
        app.retired = [key for key in app.retired if key not in app.keys]
        if change in {"break", "mend"}:
            self.keyring_readable = change == "mend"
        self.put_keyring()

    @rule(instance=INSTANCES)
    def replace(self, instance: int) -> None:
        skew_s = self.instances[instance].skew_s
        self.instances[instance] = Instance(self.stage.process(skew_s=skew_s), skew_s)

    # ── An attacker ──────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(
        sent=sent, instance=INSTANCES, change=st.sampled_from(["notify_id", "app_id", "biz_content", "utc_timestamp"])
    )
    def tamper(self, sent: Sent, instance: int, change: str) -> None:
        _, _, captured = sent.captures[-1]
        values = {
            "app_id": next(app_id for app_id in APPS if app_id != sent.key[1]),
            "utc_timestamp": str(self.now_ms() + 1),
        }
        self.stage.forge(self.instances[instance].handler, captured.with_parameter(change, values.get(change, "{}")))
        self.check()

    @rule(sent=sent, instance=INSTANCES, stolen=st.booleans())
    def sign_with_a_key_of_ones_own_or_a_stolen_one(self, sent: Sent, instance: int, *, stolen: bool) -> None:
        """A stolen key is no use any more once it is retired, and every instance has read the keyring since."""
        self.world.now += STALE_KEYS_S if stolen else 0
        retired = self.apps[sent.key[1]].retired
        number = retired[-1] if stolen and retired and self.keyring_is_settled() else STRANGER
        forged = alipay(number).retry(sent.captures[0][2], sent_ms=self.now_ms())
        self.stage.forge(self.instances[instance].handler, forged)
        self.check()

    @rule(sent=sent, instance=INSTANCES, which=st.integers(0, 9), days=st.sampled_from([0, 0, 3, 29, 31, 33]))
    def replay(self, sent: Sent, instance: int, which: int, days: int) -> None:
        """What was captured comes again: refused when it is too old or its key is retired, else never a second copy.

        By then DynamoDB may have deleted what has expired.
        """
        self.world.now += days * DAY_S
        self.expire()
        number, sent_s, captured = sent.captures[which % len(sent.captures)]
        handler = self.instances[instance].handler
        outdated = self.world.now - sent_s > WINDOW_S + HOUR_S
        if outdated or (number in self.apps[sent.key[1]].retired and self.keyring_is_settled()):
            self.stage.forge(handler, captured)
        elif self.stage.deliver(handler, captured) is None:
            self.replace(instance)
        self.check()

    # ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def teardown(self) -> None:
        try:
            self.come_to_an_end()
        finally:
            self._exit.close()

    def come_to_an_end(self) -> None:
        """All is well again: Alipay's retries that are still to come, and the redrive, leave nothing unpublished."""
        self.keyring_readable = True
        self.put_keyring()
        self.world.now += 2 * HOUR_S
        self.instances[0] = Instance(self.stage.process(), 0)
        for sent in self.all_sent:
            if not sent.acknowledged and self.world.now - sent.first_sent_s < RETRIES_S:
                self.deliver_to(0, sent, {}, {})
                self.stage.expect_that(sent.acknowledged, f"{sent.key} is not acknowledged though all is well")
        self.world.now += HOUR_S
        self.stage.redrive()
        self.check()
        for sent in self.all_sent:
            record = self.world.record_of(sent.key)
            published = bool(self.stage.traces[sent.key].events)
            self.stage.expect_that(published or not (record or sent.acknowledged), f"{sent.key} is lost")
            self.stage.expect_that(record.get("status") in {None, "PUBLISHED"}, f"{sent.key} is still open")
        self.check()

    # ── Helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def deliver_to(
        self, instance: int, sent: Sent, mishaps: dict[str, list[Mishap]], meanwhile: dict[Cue, Any]
    ) -> None:
        taker = self.instances[instance]
        if self.deliver_by(taker.handler, sent, mishaps, meanwhile) is None:
            self.replace(instance)

    def deliver_by(
        self, handler: Handler, sent: Sent, mishaps: dict[str, list[Mishap]], meanwhile: dict[Cue, Any]
    ) -> str | None:
        """Alipay's own delivery, signed anew; once it has given up, nothing comes, which is no death."""
        if self.world.now - sent.first_sent_s >= RETRIES_S:
            return "fail"
        number = self.apps[sent.key[1]].keys[-1]
        if (number, self.world.now) != sent.captures[-1][:2]:
            again = alipay(number).retry(sent.captures[0][2], sent_ms=self.now_ms())
            sent.captures.append((number, self.world.now, again))
        word = self.stage.deliver(handler, sent.captures[-1][2], mishaps=mishaps, meanwhile=meanwhile)
        sent.acknowledged |= word == "success"
        self.check()
        return word

    def expire(self) -> None:
        for item in aws("dynamodb").scan(TableName=TABLE)["Items"]:
            if int(item["expires_at"]["N"]) < self.world.now:
                key = {name: item[name] for name in ("notify_id", "app_id")}
                aws("dynamodb").delete_item(TableName=TABLE, Key=key)

    def check(self) -> None:
        if not self.stage.is_on:
            self.stage.check(*self.stage.traces)

    def now_ms(self) -> int:
        return int(self.world.now * 1000)

    def keyring_is_settled(self) -> bool:
        return self.keyring_readable and self.world.now - self.keyring_changed_s >= STALE_KEYS_S

    def put_keyring(self) -> None:
        entries = {
            app_id: {"alipay_public_keys": [alipay(number).public_key for number in app.keys]}
            for app_id, app in self.apps.items()
        }
        self.world.put_keyring(entries if self.keyring_readable else "{")
        self.keyring_changed_s = self.world.now


AnyOrder.TestCase.settings = settings(
    max_examples=2000 if LONG else 50,
    stateful_step_count=50 if LONG else 30,
    derandomize=not LONG,
    phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
    report_multiple_bugs=False,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase
