"""What a load run sends: genuine notifications, some of them again, and forgeries among them."""

import random
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from threading import Condition
from typing import Literal

from local.alipay import RETRY_INTERVALS_S, Convention, Part, SignedNotification, SimulatedAlipay
from local.messages import OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED

_MESSAGES = (OPERATION_RESULT, ORDER_SETTLE, SHOP_REJECTED)
MSG_METHODS = (*(message.msg_method for message in _MESSAGES), "alipay.load.without.topic.notify")
"""One of each topic; the last has none of its own and goes to the catch-all."""
_CONTENTS = (*(message.biz_content for message in _MESSAGES), '{"shop_name":"支付宝(西溪路店)"}')
LATER = 200
"""How many deliveries after the first one a duplicate that does not come at once comes at the latest."""

Kind = Literal["genuine", "again", "forged"]


@dataclass(frozen=True)
class Delivery:
    """One request to be made. `number` counts the genuine notifications, and apart from them the forgeries."""

    kind: Kind
    number: int
    attempt: int = 1

    @property
    def via(self) -> Part:
        return "query" if self.number % 7 == 3 else "body"

    def next(self) -> "Delivery":
        return Delivery(self.kind, self.number, self.attempt + 1)


class Programme:
    """Every notification of a run, made anew from its number whenever it is needed."""

    def __init__(self, alipay: SimulatedAlipay, app_id: str, notifications: int) -> None:
        self._alipay, self._forger, self._app_id = alipay, SimulatedAlipay.generate(), app_id
        self.notifications = notifications
        self._run = secrets.token_hex(8)

    def deliveries(self, *, duplicates: float, forgeries: float, seed: int = 1) -> list[Delivery]:
        """All first deliveries, and the shares of them that come twice (at once or later) or are forged."""
        dice = random.Random(seed)  # noqa: S311  a plan, not a secret
        places: list[tuple[float, int, Delivery]] = []
        order = count()
        for number in range(self.notifications):
            places.append((number, next(order), Delivery("genuine", number)))
            if dice.random() < duplicates:
                later = number if dice.random() < 0.5 else number + dice.uniform(1, LATER)
                places.append((later, next(order), Delivery("again", number)))
        places += [
            (dice.uniform(0, self.notifications), next(order), Delivery("forged", number))
            for number in range(round(forgeries * self.notifications))
        ]
        return [delivery for _, _, delivery in sorted(places, key=lambda place: place[:2])]

    def notify_id(self, number: int) -> str:
        return f"{self._run}{number:010d}"

    def forged_id(self, number: int) -> str:
        return f"{self._run}f{number:09d}"

    def number_of(self, notify_id: str) -> int | None:
        """The number of a genuine notification; None for a forgery. Raises LookupError for what is not of this run."""
        number = notify_id.removeprefix(self._run)
        if number == notify_id:
            raise LookupError(notify_id)
        return None if number.startswith("f") else int(number)

    def biz_content(self, number: int) -> str:
        """Each method's own message in turn, with a field of the run's beside those of the catalogue."""
        serial = f'{{"serial":{number}, "serial_amount":{number % 1000}.10,'
        return serial + _CONTENTS[number % 4].removeprefix("{")

    def sign(self, delivery: Delivery) -> SignedNotification:
        """Signed now, as Alipay does for each delivery; every charset, convention and cipher has its turn."""
        if delivery.kind == "forged":
            return self._forge(delivery.number)
        return self._genuine(self._alipay, delivery.number, self.notify_id(delivery.number))

    def _genuine(self, alipay: SimulatedAlipay, number: int, notify_id: str) -> SignedNotification:
        return alipay.notification(
            app_id=self._app_id,
            msg_method=MSG_METHODS[number % 4],
            biz_content=self.biz_content(number),
            notify_id=notify_id,
            charset="GBK" if number % 3 == 1 else "UTF-8",
            convention=Convention.V2 if number % 2 else Convention.V1,
            encrypt=alipay.aes_key is not None and number % 5 == 4,
        )

    def _forge(self, number: int) -> SignedNotification:
        victim = number * 37 % self.notifications
        captured = self._genuine(self._alipay, victim, self.notify_id(victim))
        match number % 5:
            case 0:
                return captured.with_parameter("biz_content", '{"amount":90.00}')
            case 1:
                return captured.with_parameter("notify_id", self.forged_id(number))
            case 2:
                return captured.with_parameter("notify_id", self.forged_id(number)).without("sign")
            case 3:
                return captured.with_parameter("app_id", "2021999999999999")
            case _:
                return self._genuine(self._forger, victim, self.forged_id(number))


class Outbox:
    """What is still to be sent: first deliveries in their order, retries when they are due."""

    def __init__(self, deliveries: Sequence[Delivery], *, scale: float, deadline: float) -> None:
        self._fresh, self._scale, self._deadline = deque(deliveries), scale, deadline
        self._retries: list[tuple[float, int, Delivery]] = []
        self._order = count()
        self._under_way = 0
        self._changed = Condition()

    def take(self) -> Delivery | None:
        """Waits for the next delivery; None when there is nothing left to send, or no time."""
        with self._changed:
            while (now := time.monotonic()) < self._deadline:
                if self._retries and self._retries[0][0] <= now:
                    self._under_way += 1
                    return heappop(self._retries)[2]
                if self._fresh:
                    self._under_way += 1
                    return self._fresh.popleft()
                if not self._retries and not self._under_way:
                    break
                due = self._retries[0][0] if self._retries else self._deadline
                self._changed.wait(max(0.0, min(due, self._deadline) - now))
            self._changed.notify_all()
            return None

    def answered(self, delivery: Delivery, *, again: bool) -> None:
        """`again` puts the delivery back on Alipay's schedule, as long as that has another one."""
        with self._changed:
            self._under_way -= 1
            if again and delivery.attempt <= len(RETRY_INTERVALS_S):
                due = time.monotonic() + RETRY_INTERVALS_S[delivery.attempt - 1] * self._scale
                heappush(self._retries, (due, next(self._order), delivery.next()))
            self._changed.notify_all()
