"""The arithmetic of docs/scale.md on cases worked out by hand; and that the page holds what it gives."""

from dataclasses import replace
from pathlib import Path

import pytest

from alipay_gateway import aws, keyring, ledger, retries
from local import scale, scale_workload
from local.scale_costs import RETRIES_DAYS, bill, gb_seconds, tiered
from local.scale_figures import INFINITE, SNS_PUBLISHES, US_EAST_1
from local.scale_limits import chance, index_rate, limits, median_fullest, shards_rate
from local.scale_markdown import filled
from local.scale_storm import Outage, phases, simulate
from local.scale_workload import (
    DUPLICATE,
    FORGED,
    NEW,
    Stack,
    billed_ms,
    concurrency,
    duration_ms,
    sns_requests,
    table_units,
    write_units,
)

ROOT = Path(__file__).parents[2]


def test_the_page_holds_exactly_the_tables_that_the_script_prints() -> None:
    page = scale.PAGE.read_text("utf-8")

    assert filled(page, scale.tables()) == page, "run `make scale`"


def test_a_table_without_a_place_in_the_page_is_reported() -> None:
    with pytest.raises(KeyError, match="costs"):
        filled("<!-- scale: kinds --><!-- end -->", {"kinds": "", "costs": ""})


def test_the_figures_are_those_of_the_code() -> None:
    assert scale_workload.SHARDS == ledger.SHARDS
    assert scale_workload.DELIVERIES_S == retries.DELIVERIES_S
    assert scale_workload.CALL_MS == aws.CALL_MS
    assert scale_workload.KEYRING_AGE_S == keyring.MAX_AGE_S
    assert scale_workload.KEYRING_REREAD_S == keyring.REREAD_INTERVAL_S
    assert RETRIES_DAYS * 86400 == ledger.RETRIES_S


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("RetentionDays", Stack().retention_days),
        ("ThrottlingRateLimit", Stack().rate_limit),
        ("ThrottlingBurstLimit", Stack().burst_limit),
        ("MemorySize", Stack().memory_mb),
        ("LogRetentionDays", Stack().log_retention_days),
    ],
)
def test_the_parameters_are_the_templates_defaults(parameter: str, value: int) -> None:
    parameters = (ROOT / "template.yaml").read_text("utf-8").split("\nConditions:")[0]
    _, _, section = parameters.partition(f"\n  {parameter}:\n")

    assert section.partition("Default: ")[2].split()[0] == str(value)


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1024, 1), (1025, 2), (2048, 2), (256 * 1024 + 1, 257)])
def test_a_write_costs_a_unit_for_each_kb_begun(size: int, units: int) -> None:
    assert write_units(size) == units


@pytest.mark.parametrize(("size", "requests"), [(1, 1), (65_536, 1), (65_537, 2), (262_144, 4)])
def test_a_publish_costs_a_request_for_each_64_kb_begun(size: int, requests: int) -> None:
    assert sns_requests(size) == requests


@pytest.mark.parametrize(
    ("delivery", "units"), [(NEW, 4), (DUPLICATE, 2), (FORGED, 0)], ids=lambda value: str(value)[:16]
)
def test_an_item_of_1500_bytes_costs_two_units_for_each_write(delivery: scale_workload.Delivery, units: int) -> None:
    assert table_units(delivery, 1500) == units


def test_a_delivery_lasts_as_long_as_its_calls_and_its_share_of_a_processor() -> None:
    stack = Stack(memory_mb=1769, call_ms=5)

    assert duration_ms(replace(NEW, cpu_ms=2.5), stack) == 3 * 5 + 2.5
    assert duration_ms(replace(NEW, cpu_ms=2.5), replace(stack, memory_mb=1769 // 2)) == pytest.approx(20, abs=0.01)
    assert billed_ms(replace(NEW, cpu_ms=2.5), stack) == 18
    assert gb_seconds(replace(NEW, cpu_ms=5), replace(stack, memory_mb=1024)) == pytest.approx(0.024)


@pytest.mark.parametrize(
    ("rate", "milliseconds", "instances"),
    [(100, 500, 50), (5_000, 200, 1_000), (5_000, 100, 500), (5_000, 20, 500), (1, 20, 0.1)],
    ids=["half a second", "a fifth", "a tenth", "shorter saves nothing", "one a second"],
)
def test_instances_are_rate_times_duration_but_ten_requests_a_second_at_the_most(
    rate: float, milliseconds: float, instances: float
) -> None:
    assert concurrency(rate, milliseconds) == instances


def test_each_part_of_an_amount_has_the_price_of_its_tier() -> None:
    tiers = ((10.0, 0.5), (30.0, 0.25), (INFINITE, 0.1))

    assert tiered(4, tiers) == 2
    assert tiered(30, tiers) == 10
    assert tiered(40, tiers) == 11


def test_sixty_thousand_gb_of_logs_cost_what_aws_announced() -> None:
    assert tiered(60_000, US_EAST_1.logs) == 12_500


def test_a_bill_of_a_million_notifications_by_hand() -> None:
    stack = Stack(call_ms=0, memory_mb=1769, retention_days=3)
    items = bill(1e6 / (30 * 86400), US_EAST_1, stack, item_bytes=924).items

    assert items["HTTP API"] == pytest.approx(1.00)
    assert items["Lambda, requests"] == pytest.approx(0.20)
    assert items["SNS"] == pytest.approx(0.50)
    assert items["DynamoDB, writes of the table"] == pytest.approx(2 * 0.625)
    assert items["DynamoDB, writes of the index"] == pytest.approx(2 * 0.625)
    # Five of thirty days' items are there, of 924 + 100 bytes.
    assert items["DynamoDB, storage"] == pytest.approx(1e6 / 6 * 1024 / 1024**3 * 0.25)
    # One instance reads the keyring twelve times an hour.
    assert items["Secrets Manager"] == pytest.approx(0.40 + 12 * 24 * 30 / 10_000 * 0.05)


def test_the_limits_stand_lowest_first() -> None:
    rates = [limit.rate for limit in limits("eu-west-1", Stack())]

    assert rates == sorted(rates)
    assert {500, 1_000, 10_000, SNS_PUBLISHES["eu-west-1"]} <= set(rates)


def test_chance_puts_two_shards_on_one_of_two_partitions_half_the_time() -> None:
    assert chance(2, 2, 1) == 0.5
    assert chance(2, 2, 2) == 1
    assert chance(3, 2, 1) == 0
    assert chance(3, 3, 1) == pytest.approx(6 / 27)


def test_the_fullest_partition_holds_all_shards_when_it_is_the_only_one() -> None:
    assert median_fullest(16, 1) == 16
    assert index_rate(16, 1) == 500


def test_a_shard_carries_five_hundred_notifications_a_second_and_the_index_its_quota() -> None:
    assert shards_rate(1) == 500
    assert shards_rate(16) == 8_000
    assert shards_rate(256) == 20_000


def test_after_an_hour_four_times_the_usual_rate_arrives_for_two_minutes() -> None:
    storm = simulate(Outage(rate=10, outage_s=3600), new_for_s=4 * 3600)

    assert phases(storm, 10)[:4] == [(0, 120, 4), (120, 600, 3), (600, 1320, 1), (1320, 3600, 2)]
    assert storm.normal_after_s(10) == 3600


@pytest.mark.parametrize(
    "outage",
    [Outage(10, 3600), Outage(10, 100_000), Outage(400, 3600, 500, 1000), Outage(600, 600, 500), Outage(1, 0, 0)],
    ids=["an hour", "over a day", "throttled", "throttled for good", "nothing let through"],
)
def test_whatever_is_sent_is_published_or_lost(outage: Outage) -> None:
    storm = simulate(outage, new_for_s=outage.outage_s + 7200)

    assert storm.published + storm.lost == pytest.approx(storm.sent)


def test_nothing_is_lost_of_an_outage_that_the_last_delivery_outlasts() -> None:
    assert simulate(Outage(10, 87_720)).lost == 0


def test_lost_is_what_had_its_last_delivery_in_the_outage() -> None:
    assert simulate(Outage(10, 87_720 + 600)).lost == pytest.approx(10 * 600)


def test_a_throttle_loses_what_has_one_delivery_left_after_a_long_outage() -> None:
    # What came in the first 14,280 s has had seven deliveries; up to seven times the rate arrives with its eighth.
    assert simulate(Outage(10, 48_000, limit=20)).lost > 0
    assert simulate(Outage(10, 48_000, limit=70)).lost == 0


def test_a_throttle_turns_away_what_exceeds_it_and_its_burst() -> None:
    storm = simulate(Outage(rate=600, outage_s=0, limit=500, burst=1000), new_for_s=60)

    assert storm.turned_away == pytest.approx(60 * 100 - 1000)
    assert storm.lost == 0


def test_without_an_outage_nothing_but_new_notifications_arrives() -> None:
    storm = simulate(Outage(rate=100, outage_s=0, limit=500), new_for_s=7200)

    assert (storm.peak, storm.turned_away, storm.normal_after_s(100)) == (100, 0, 0)
