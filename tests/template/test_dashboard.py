"""The dashboard shows all that the code emits, and nothing else; the saved queries ask for what is logged."""

import json
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from local.dashboard import PICTURE
from local.dashboard_metrics import Measured, metrics_of, statistic
from local.dashboard_picture import draw
from tests.template.conftest import Expand, Expanded, Json
from tests.template.emitted import NAMESPACE, Metric, emitted, reasons


@pytest.fixture(scope="module")
def widgets(stack: Expanded) -> list[Json]:
    body: list[Json] = json.loads(stack.one("AWS::CloudWatch::Dashboard")["DashboardBody"])["widgets"]
    return body


def watched(widgets: list[Json]) -> set[tuple[str, Metric]]:
    """Every metric of every graph, with its namespace."""
    return {
        (metric.namespace, (metric.name, frozenset(metric.dimensions.items())))
        for widget in widgets
        for metric in metrics_of(widget)
    }


def ours(widgets: list[Json]) -> set[Metric]:
    return {metric for namespace, metric in watched(widgets) if namespace == NAMESPACE}


def test_every_metric_of_ours_on_it_is_emitted(widgets: list[Json]) -> None:
    assert ours(widgets) - emitted("alipay") == set()


def test_every_metric_that_is_emitted_is_on_it(widgets: list[Json]) -> None:
    assert {name for name, _ in emitted("alipay")} == {name for name, _ in ours(widgets)}


def test_every_outcome_and_every_reason_has_its_line(widgets: list[Json]) -> None:
    counted = {dimensions for name, dimensions in emitted("alipay") if name == "Notifications"}
    shown = {dimensions for name, dimensions in ours(widgets) if name == "Notifications"}

    # What is in flight has one reason, of the same name.
    assert reasons("in_flight") == {"in_flight"}
    assert {dict(dimensions)["outcome"] for dimensions in counted - shown} == {"in_flight"}


def test_every_alarm_is_on_top_of_it(stack: Expanded, widgets: list[Json]) -> None:
    (alarms,) = [widget for widget in widgets if widget["type"] == "alarm"]

    assert alarms["y"] == 0
    shown = {
        arn.removeprefix("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:") for arn in alarms["properties"]["alarms"]
    }
    assert shown == {alarm["AlarmName"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()}


def test_it_is_of_the_partition_and_region_that_the_stack_is_in(expand: Expand) -> None:
    dashboard = expand(partition="aws-cn", region="cn-north-1").one("AWS::CloudWatch::Dashboard")

    assert dashboard["DashboardName"] == "alipay"
    assert "arn:aws:" not in dashboard["DashboardBody"]
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    assert {w["properties"]["region"] for w in widgets if w["type"] == "metric"} == {"cn-north-1"}


def test_no_two_widgets_cover_each_other_and_no_place_is_empty(widgets: list[Json]) -> None:
    cells = [
        (x, y) for w in widgets for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"])
    ]
    assert len(cells) == len(set(cells))
    assert len(cells) == 24 * max(w["y"] + w["height"] for w in widgets)


def test_what_is_not_ours_is_of_the_stack_s_own_resources(stack: Expanded, widgets: list[Json]) -> None:
    values = {v for space, (_, dimensions) in watched(widgets) if space != NAMESPACE for _, v in dimensions}

    indexes = stack.one("AWS::DynamoDB::Table")["GlobalSecondaryIndexes"]
    assert values - {index["IndexName"] for index in indexes} == {
        "${Gateway}",
        "${HttpApi}",
        "${LedgerTable}",
        "${GatewayLogGroup}",
        "${AccessLogGroup}",
    }


def test_every_graph_says_what_its_lines_are(widgets: list[Json]) -> None:
    for widget in widgets:
        labels = [metric.label for metric in metrics_of(widget)]
        assert all(labels)
        assert len(labels) == len(set(labels))
    titles = [widget["properties"]["title"] for widget in widgets if widget["type"] != "text"]
    assert len(titles) == len(set(titles))


# ---- the saved queries

LOGGED = {
    "outcome", "reason", "message", "advice", "notify_id", "app_id", "msg_method", "attempt", "age_ms", "waited_ms",
    "duration_ms", "function_request_id", "lost_after", "schema_mismatch", "unrecorded",
}  # fmt: skip
"""Members of a delivery's line that a query may ask for; that lines have them, the tests of the log prove."""


def fields(query: str) -> set[str]:
    """What a query reads: its words, without those of the language, its strings, comments and own names."""
    text = re.sub(r'#.*|"[^"]*"|/[^/]*/|\bas (\w+)', " ", query)
    own = set(re.findall(r"\bas (\w+)", query))
    language = set("fields filter sort stats by asc desc limit count earliest latest count_distinct ispresent".split())
    return set(re.findall(r"(?<![@\w])[a-zA-Z]\w*", text)) - own - language - {"or", "and", "like"}


def queries(stack: Expanded) -> dict[str, Json]:
    return {query["Name"]: query for query in stack.of_type("AWS::Logs::QueryDefinition").values()}


def test_a_query_of_the_function_s_log_asks_for_what_is_logged(stack: Expanded) -> None:
    of_the_function = [q for q in queries(stack).values() if q["LogGroupNames"] == [{"Ref": "GatewayLogGroup"}]]

    assert len(of_the_function) == 8
    assert set().union(*(fields(query["QueryString"]) for query in of_the_function)) == LOGGED


def test_a_query_of_the_access_log_asks_for_what_is_logged(stack: Expanded) -> None:
    (query,) = [q for q in queries(stack).values() if q["LogGroupNames"] == [{"Ref": "AccessLogGroup"}]]

    logged = json.loads(stack.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"]).keys()
    assert fields(query["QueryString"]) == {"status", "integrationStatus", "sourceIp", "error", "integrationError"}
    assert fields(query["QueryString"]) <= logged


def test_the_queries_stand_in_a_folder_of_the_stack(stack: Expanded) -> None:
    assert {name.split("/")[0] for name in queries(stack)} == {"alipay"}


def test_a_query_that_an_alarm_names_exists(stack: Expanded) -> None:
    named: list[Any] = []
    for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
        named += re.findall(r'saved query "([\w-]+)"', alarm["AlarmDescription"])

    assert len(named) >= 5
    assert {f"alipay/{name}" for name in named} <= queries(stack).keys()


# ---- its picture


def printed(outcome: str, at_s: float, duration_ms: float) -> str:
    """The members of a delivery's line that are metrics."""
    definitions = [{"Name": "Notifications"}, {"Name": "Duration"}]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["service", "outcome"]], "Metrics": definitions}
    aws = {"Timestamp": int(at_s * 1000), "CloudWatchMetrics": [directive]}
    values = {"Notifications": 1, "Duration": duration_ms}
    return json.dumps({"service": "alipay", "outcome": outcome, "_aws": aws, **values})


@pytest.fixture(scope="module")
def measured() -> Measured:
    published = [printed("published", 1_700_000_000 + second // 2, 100.0 + second) for second in range(20)]
    return Measured(["START RequestId: 1", *published, printed("failed", 1_700_000_005, 1)])


def test_the_log_s_lines_are_counted_as_the_graphs_ask(widgets: list[Json], measured: Measured) -> None:
    (numbers,) = [widget for widget in widgets if widget["properties"].get("view") == "singleValue"]
    totals = {metric.label: measured.total(metric) for metric in metrics_of(numbers)}

    assert {label: total for label, total in totals.items() if total is not None} == {
        "published": 20,
        "not published": 1,
    }
    assert measured.seconds == 9
    assert measured.series(metrics_of(numbers)[0], 5) == {0: 10, 1: 10}


@pytest.mark.parametrize(
    ("stat", "value"), [("Sum", 55), ("Maximum", 10), ("Minimum", 1), ("p50", 5), ("p90", 9), ("p99", 10)]
)
def test_a_statistic(stat: str, value: float) -> None:
    assert statistic([3, 1, 2, 10, 9, 8, 7, 6, 5, 4], stat) == value


def test_the_picture_has_every_widget_and_says_what_the_emulator_does_not_measure(
    widgets: list[Json], measured: Measured
) -> None:
    picture = ET.fromstring(draw(widgets, measured, "2 < 3", 1))  # noqa: S314  our own
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]

    assert texts[0] == "2 < 3"
    assert {w["properties"]["title"] for w in widgets if w["type"] != "text"} <= set(texts)
    assert texts.count("AWS's own metrics: not on the emulator") == 5
    assert "20" in texts


def test_the_picture_of_the_readme_is_of_this_dashboard(widgets: list[Json]) -> None:
    picture = ET.fromstring(PICTURE.read_text())  # noqa: S314  our own
    texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}

    assert {w["properties"]["title"] for w in widgets if w["type"] != "text"} <= texts
    assert any("on the emulator, not on AWS" in str(text) for text in texts)


def test_the_graphs_of_one_row_are_as_high_as_each_other(widgets: list[Json]) -> None:
    rows = sorted((widget["y"], widget["height"]) for widget in widgets)

    assert all(height == next_height for (y, height), (next_y, next_height) in pairwise(rows) if y == next_y)
