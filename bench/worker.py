"""One measurement in a fresh process: `python -m bench.worker SUBJECT MODE TRAFFIC`; prints JSON.

Nothing beside the interpreter is loaded before the subject. Logs and metrics are written, to where nobody reads them.
"""

import importlib
import json
import os
import resource
import sys
import time

WARM_UP, BATCHES = 200, 20
BATCH = 50
"""Events are parsed outside the measurement, as Lambda's runtime does it, and few at a time: Lambda holds one, and the
garbage collector would go through all that are there."""


class Context:
    """What Lambda hands over beside the event."""

    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    function_name = "gateway"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:gateway"

    def get_remaining_time_in_millis(self) -> int:
        return 25_000


def main() -> None:
    subject, mode, traffic_file = sys.argv[1:]
    results, silence = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    if mode in ("parse", "verify"):
        outcome = _alone(subject, mode, traffic_file)
    else:
        outcome = _whole(subject, mode, traffic_file)
    with os.fdopen(results, "w") as out:
        json.dump(outcome, out)


def _whole(subject: str, mode: str, traffic_file: str) -> dict[str, float]:
    handler = importlib.import_module(f"bench.subjects.{subject}").handler
    loaded = time.monotonic_ns()
    with open(traffic_file, "rb") as file:  # noqa: PTH123  pathlib would be one more import
        traffic = json.load(file)
    from bench import transport

    done = "COMPLETED" if subject == "diy" else "PUBLISHED"
    transport.install(traffic["secret"], done, duplicates=mode == "duplicate")
    events = traffic["forged" if mode == "forgery" else "genuine"]
    expected = (403, "fail") if mode == "forgery" else (200, "success")
    context = Context()
    began = time.monotonic_ns()
    first = handler(json.loads(events[0]), context)
    ended = time.monotonic_ns()
    _check(first, expected)
    if mode == "cold":
        spawned = int(os.environ["BENCH_SPAWNED_NS"])
        return {
            "whole_ms": (ended - spawned) / 1e6,
            "cpu_ms": time.process_time() * 1e3,
            "load_ms": (loaded - spawned) / 1e6,
            "first_ms": (ended - began) / 1e6,
        }
    for event in events[:WARM_UP]:
        _check(handler(json.loads(event), context), expected)
    busy = []
    for number in range(0, len(events), BATCH):
        batch = [json.loads(event) for event in events[number : number + BATCH]]
        began_cpu = time.process_time()
        for event in batch:
            handler(event, context)
        busy.append((time.process_time() - began_cpu) / len(batch))
    # The median: another program on the processor's other half makes some of them slow.
    return {
        "us": sorted(busy)[len(busy) // 2] * 1e6,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _alone(subject: str, part: str, traffic_file: str) -> dict[str, float]:
    with open(traffic_file, "rb") as file:  # noqa: PTH123
        traffic = json.load(file)
    work = getattr(importlib.import_module("bench.parts"), f"{subject}_{part}")(traffic)
    event = json.loads(traffic["genuine"][0])
    for _ in range(WARM_UP):
        work(event)
    busy = []
    for _ in range(BATCHES):
        began_cpu = time.process_time()
        for _ in range(WARM_UP):
            work(event)
        busy.append((time.process_time() - began_cpu) / WARM_UP)
    return {"us": min(busy) * 1e6}


def _check(reply: dict[str, object], expected: tuple[int, str]) -> None:
    if (reply["statusCode"], reply["body"]) != expected:
        raise SystemExit(f"answered {reply['statusCode']} {reply['body']}, not {expected}")


if __name__ == "__main__":
    main()
