"""Lambda's entry: builds everything once."""

import os

import boto3
from aws_lambda_powertools import Logger

from .inbox import Inbox
from .settlements import book

handler = Inbox(
    book,
    client=boto3.client("dynamodb"),
    table=os.environ["IDEMPOTENCY_TABLE"],
    remember_days=int(os.environ["REMEMBER_DAYS"]),
    replays_again=os.environ["HANDLE_REPLAYS_AGAIN"] == "true",
    logger=Logger(),
)
