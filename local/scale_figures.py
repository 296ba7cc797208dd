"""AWS's prices and quotas, each with its unit and where it was read.

`MEMORY` as a source means: not found in writing, to be checked before anybody relies on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

MEMORY = "from memory, to be checked"
SHEETS = "cost sheets in public repositories"

Tiers = tuple[tuple[float, float], ...]
"""A price that falls with the amount: (up to this amount a month, price of a unit), the last one without end."""

INFINITE = float("inf")


def cited(name: str, source: str) -> Mapping[str, str]:
    """What a figure is, with its unit, and where it was read."""
    return {"name": name, "source": source}


@dataclass(frozen=True, kw_only=True)
class Prices:
    """List prices of one region, in US dollars, without free tiers, taxes and discounts."""

    region: str
    unsure: frozenset[str] = frozenset()
    """Fields whose value in this region is from memory."""
    http_api: Tiers = field(metadata=cited("HTTP API, a million requests", f"AWS whitepaper on private APIs; {SHEETS}"))
    lambda_requests: float = field(metadata=cited("Lambda, a million requests", SHEETS))
    lambda_gb_s: Tiers = field(metadata=cited("Lambda on arm64, a GB-second", "cloudchipr.com/blog/aws-lambda-pricing"))
    write: float = field(
        metadata=cited("DynamoDB on demand, a million write units", f"airbyte.com on DynamoDB pricing; {SHEETS}")
    )
    storage: float = field(metadata=cited("DynamoDB storage, a GB-month", SHEETS))
    recovery: float = field(metadata=cited("DynamoDB point-in-time recovery, a GB-month", SHEETS))
    sns: float = field(metadata=cited("SNS, a million publishes", "factualminds.com on SNS pricing"))
    logs: Tiers = field(metadata=cited("CloudWatch Logs, a GB taken in", "duckbillgroup.com on Lambda's log tiers"))
    log_storage: float = field(metadata=cited("CloudWatch Logs, a GB-month kept", "hykell.com on CloudWatch Logs"))
    metric: float = field(metadata=cited("CloudWatch, a custom metric a month", SHEETS))
    secret: float = field(metadata=cited("Secrets Manager, a secret a month", SHEETS))
    secret_read: float = field(metadata=cited("Secrets Manager, 10,000 calls", SHEETS))
    data_out: float = field(metadata=cited("Data out to the internet, a GB", "apigatewaycost.com/aws"))


US_EAST_1 = Prices(
    region="us-east-1",
    http_api=((300e6, 1.00), (INFINITE, 0.90)),
    lambda_requests=0.20,
    lambda_gb_s=((7.5e9, 0.0000133334), (INFINITE, 0.0000120001)),
    write=0.625,
    storage=0.25,
    recovery=0.20,
    sns=0.50,
    logs=((10e3, 0.50), (30e3, 0.25), (50e3, 0.10), (INFINITE, 0.05)),
    log_storage=0.03,
    metric=0.30,
    secret=0.40,
    secret_read=0.05,
    data_out=0.09,
)
EU_WEST_1 = Prices(
    region="eu-west-1",
    unsure=frozenset({"lambda_gb_s", "sns", "logs", "log_storage", "metric", "data_out"}),
    http_api=((300e6, 1.11), (INFINITE, 1.00)),
    lambda_requests=0.20,
    lambda_gb_s=((7.5e9, 0.0000133334), (INFINITE, 0.0000120001)),
    write=0.705,
    storage=0.283,
    recovery=0.22,
    sns=0.50,
    logs=((10e3, 0.57), (30e3, 0.285), (50e3, 0.114), (INFINITE, 0.057)),
    log_storage=0.03,
    metric=0.30,
    secret=0.40,
    secret_read=0.05,
    data_out=0.09,
)

_LAMBDA = "AWS Lambda Developer Guide, Lambda quotas"
_ON_DEMAND = "Amazon DynamoDB Developer Guide, on-demand capacity mode"


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """Default quotas, per account and region unless it says otherwise."""

    api_requests: int = field(metadata=cited("HTTP API: requests a second", "API Gateway Developer Guide, quotas"))
    api_burst: int = field(metadata=cited("HTTP API: requests at once", "API Gateway Developer Guide, quotas"))
    concurrency: int = field(metadata=cited("Lambda: invocations at the same time", _LAMBDA))
    instance_requests: int = field(metadata=cited("Lambda: requests a second of one instance", _LAMBDA))
    scaling: int = field(metadata=cited("Lambda: new instances of a function in 10 s", "AWS Lambda, scaling behavior"))
    new_table_writes: int = field(metadata=cited("DynamoDB: write units a second of a new table or index", _ON_DEMAND))
    table_writes: int = field(metadata=cited("DynamoDB: write units a second of a table, of an index", _ON_DEMAND))
    partition_writes: int = field(
        metadata=cited(
            "DynamoDB: write units a second of a partition", "Amazon DynamoDB Developer Guide, partition keys"
        )
    )
    secret_reads: int = field(
        metadata=cited("Secrets Manager: GetSecretValue a second", "AWS What's New, 4 March 2025")
    )


DEFAULTS = Quotas(
    api_requests=10_000,
    api_burst=5_000,
    concurrency=1_000,
    instance_requests=10,
    scaling=1_000,
    new_table_writes=4_000,
    table_writes=40_000,
    partition_writes=1_000,
    secret_reads=10_000,
)

SNS_PUBLISHES: Mapping[str, int] = {"us-east-1": 30_000, "eu-west-1": 9_000, "ap-southeast-1": 1_500, "cn-north-1": 300}
"""Messages a second to standard topics, per account and region. AWS General Reference, Amazon SNS endpoints and quotas:
cn-north-1 is not listed by name there, and stands under all other regions."""
