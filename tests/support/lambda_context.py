"""What Lambda hands to a handler beside the event."""

from dataclasses import dataclass, field
from itertools import count

_numbers = count(1)


@dataclass
class LambdaContext:
    """`remaining_ms` is what the invocation has left of its time."""

    remaining_ms: int = 25_000
    aws_request_id: str = field(default_factory=lambda: f"request-{next(_numbers)}")

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms
