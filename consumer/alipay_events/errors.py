"""What can go wrong. No error holds what was in the record: they end in logs."""


class NotAnEvent(ValueError):
    """The record is not an event of the gateway; the sentence says why."""


class Mismatch(ValueError):
    """The event's data does not fit its type's fields; the sentence begins with the path of the first that does not."""


class NoSchema(KeyError):
    """The event's type has no typed message: read `event.data`."""

    def __str__(self) -> str:
        return ValueError.__str__(self)  # a KeyError would print the sentence in quotes
