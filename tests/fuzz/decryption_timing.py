"""How long the function takes to refuse what it cannot decrypt, by the kind of failure.

    PYTHONPATH=handler python -m tests.fuzz.decryption_timing [--rounds 2000] [--bytes 1024]

A benchmark to look at, not a test: whether a padding is right must not show in the time. The ciphertext is under the
signature, so only who holds Alipay's private key gets this far at all. `decrypt` is the step by itself, `handler` the
whole way from the event to the reply, which is the most that can be seen from outside, without the network's noise.
"""

import argparse
import base64
import random
import statistics
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from alipay_gateway.encryption import decrypt
from alipay_gateway.errors import CannotDecrypt
from local.alipay import Convention
from tests import conftest  # noqa: F401  sets the function's environment
from tests.fuzz.inputs import APP, NOW_MS, body_event, form_of
from tests.fuzz.targets import alipay, gateway, sign
from tests.support.ciphertexts import failures

_BASELINE = "wrong key"


def _event(ciphertext: bytes) -> dict[str, object]:
    texts = {
        "app_id": APP,
        "notify_id": "n",
        "msg_method": "m",
        "charset": "UTF-8",
        "encrypt_type": "AES",
        "sign_type": "RSA2",
    }
    parameters = {name.encode(): value.encode() for name, value in {**texts, "utc_timestamp": str(NOW_MS)}.items()}
    parameters[b"biz_content"] = ciphertext
    pairs = [*parameters.items(), (b"sign", sign(parameters, Convention.V1))]
    return body_event(form_of(pairs, lambda raw: raw.replace(b"+", b"%2B").replace(b"=", b"%3D").replace(b"/", b"%2F")))


def _decrypting(ciphertext: bytes, key: bytes) -> Callable[[], object]:
    def run() -> None:
        try:
            decrypt(ciphertext, [key], ("utf-8",))
        except CannotDecrypt:
            return
        raise AssertionError("It was decrypted")

    return run


def _delivering(ciphertext: bytes) -> Callable[[], object]:
    event = _event(ciphertext)
    assert gateway().deliver(event).line["reason"] == "cannot_decrypt"
    return lambda: gateway().deliver(event)


def measure(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Microseconds, every kind in every round, in an order that changes, so that drift hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    order = list(runs)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            began = time.perf_counter_ns()
            runs[name]()
            times[name].append((time.perf_counter_ns() - began) / 1000)
    return times


def report(title: str, times: dict[str, list[float]]) -> Table:
    """Deciles and, to compare, the ratio of each median to that of a wrong key."""
    columns = ("kind of failure", "p10 µs", "median", "p90", f"median / {_BASELINE}")
    table = Table(*columns, title=title)
    baseline = statistics.median(times[_BASELINE])
    for name, series in times.items():
        deciles = statistics.quantiles(series, n=10)
        median = statistics.median(series)
        table.add_row(name, *(f"{value:.1f}" for value in (deciles[0], median, deciles[8])), f"{median / baseline:.3f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.decryption_timing")
    parser.add_argument("--rounds", type=int, default=2_000, help="default: %(default)s")
    parser.add_argument(
        "--bytes", type=int, default=1_024, help="of plaintext, a multiple of 16 (default: %(default)s)"
    )
    arguments = parser.parse_args()
    key = base64.b64decode(str(alipay().aes_key))
    few = {
        name: made for name, made in failures(key, arguments.bytes).items() if "wrong at" not in name or " 16," in name
    }
    console = Console()
    steps = {name: _decrypting(made, key) for name, made in few.items()}
    console.print(report("decrypt", measure(steps, arguments.rounds)))
    ways = {name: _delivering(made) for name, made in few.items()}
    console.print(report("handler", measure(ways, arguments.rounds)))


if __name__ == "__main__":
    main()
