"""That the subjects do the same, before they are compared: each answers against moto's AWS, and its queue is read.

`python -m bench.semantics SUBJECT TRAFFIC` is what runs in a process of its own.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.traffic import Traffic

ROOT = Path(__file__).parents[1]
METHODS = 3


def check(homes: dict[str, list[Path]], files: Traffic) -> None:
    """Raises RuntimeError when a subject loses, doubles or lets in what it must not."""
    for subject, home in homes.items():
        # moto needs the test tools; they come last, so that each subject keeps its own packages.
        path = os.pathsep.join([*map(str, home), *(entry for entry in sys.path if "site-packages" in entry)])
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "bench.semantics", subject, str(files.many)],
            env=files.variables | {"PYTHONPATH": path},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{subject} does not do what it must: {done.stderr.strip()[-1000:]}")


def _play(subject: str, traffic: dict[str, Any]) -> None:
    import boto3
    from moto import mock_aws

    from bench.worker import Context

    with mock_aws():
        queue = _resources(boto3, traffic["secret"], keys=["id"] if subject == "diy" else ["notify_id", "app_id"])
        handler = importlib.import_module(f"bench.subjects.{subject}").handler
        genuine, forged = ([json.loads(event) for event in traffic[kind][:METHODS]] for kind in ("genuine", "forged"))
        answers = [handler(event, Context()) for event in (*genuine, *genuine, *forged)]
        got = [(answer["statusCode"], answer["body"]) for answer in answers]
        if got != [(200, "success")] * 2 * METHODS + [(403, "fail")] * METHODS:
            raise SystemExit(f"answered {got}")
        messages = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        if len(messages) != METHODS:
            raise SystemExit(f"published {len(messages)} times")


def _resources(boto3: Any, secret: str, keys: list[str]) -> str:
    boto3.client("secretsmanager").create_secret(Name="keyring", SecretString=secret)
    boto3.client("dynamodb").create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)],
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
    )
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    queue = sqs.create_queue(QueueName="all")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for method in os.environ["MSG_METHODS"].split(","):
        topic = sns.create_topic(Name="gateway-" + method.replace(".", "-"))["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    url: str = queue
    return url


if __name__ == "__main__":
    _play(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))
