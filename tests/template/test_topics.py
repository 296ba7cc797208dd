"""What grows with the list of msg_methods: topics, their parameters and outputs."""

import json
import re

import pytest

from tests.template.conftest import Expand, Expanded, Json

SEEDS = (
    "alipay.open.sp.operation.result.notify",
    "alipay.trade.order.settle.notify",
    "ant.merchant.expand.shop.save.rejected",
    "trade_status_sync",
)

LISTS = pytest.mark.parametrize(
    "msg_methods",
    [
        pytest.param(["alipay.trade.order.settle.notify"], id="one"),
        pytest.param(list(SEEDS), id="the default four"),
        pytest.param([f"alipay.method{i}.notify" for i in range(60)], id="sixty"),
    ],
)


def topic_name(msg_method: str) -> str:
    return "alipay-" + msg_method.replace(".", "-")


def test_the_messages_of_the_documentation_have_topics_by_default(stack: Expanded) -> None:
    names = {topic["TopicName"] for topic in stack.message_topics()}

    assert names == {*map(topic_name, SEEDS), "alipay-unrouted"}


@LISTS
def test_every_msg_method_has_a_topic_beside_the_catch_all(expand: Expand, msg_methods: list[str]) -> None:
    topics = expand(MsgMethods=",".join(msg_methods)).message_topics()

    assert sorted(topic["TopicName"] for topic in topics) == sorted([*map(topic_name, msg_methods), "alipay-unrouted"])


@LISTS
def test_the_arn_of_every_topic_stands_in_a_parameter_and_an_output(expand: Expand, msg_methods: list[str]) -> None:
    stack = expand(MsgMethods=",".join(msg_methods), partition="aws-cn", region="cn-north-1")

    arns = {name: f"arn:aws-cn:sns:cn-north-1:111122223333:{topic_name(name)}" for name in msg_methods}
    parameters = {p["Name"]: p["Value"] for p in stack.of_type("AWS::SSM::Parameter").values()}
    outputs = {key: output["Value"] for key, output in stack.outputs.items() if key.startswith("TopicArn")}
    assert parameters == {
        **{f"/alipay/topics/{name}": arn for name, arn in arns.items()},
        "/alipay/topics/unrouted": {"Ref": "UnroutedTopic"},
    }
    assert outputs == {"TopicArn" + re.sub("[^A-Za-z0-9]", "", name): arn for name, arn in arns.items()}
    assert stack.outputs["UnroutedTopicArn"]["Value"] == {"Ref": "UnroutedTopic"}


@LISTS
def test_the_function_looks_for_the_topics_where_they_are(expand: Expand, msg_methods: list[str]) -> None:
    stack = expand(MsgMethods=",".join(msg_methods))

    env = stack.function()["Environment"]["Variables"]
    prefix = env["TOPIC_ARN_PREFIX"].removeprefix("arn:aws:sns:eu-west-1:111122223333:")
    looked_for = {prefix + name.replace(".", "-") for name in json.loads(env["MSG_METHODS"])}
    topics = {topic["TopicName"] for topic in stack.message_topics()}
    assert looked_for == topics - {"alipay-unrouted"}


@pytest.mark.parametrize("name", [*SEEDS, "unrouted.notify"])
def test_a_msg_method_is_accepted(source: Json, name: str) -> None:
    assert re.fullmatch(source["Parameters"]["MsgMethods"]["AllowedPattern"], name)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("alipay.trade-order.notify", id="would share the topic of alipay.trade.order.notify"),
        pytest.param("unrouted", id="would share the catch-all topic"),
        pytest.param("alarms", id="would share the topic of alarms"),
        pytest.param("alipay..notify", id="empty part"),
        pytest.param("alipay.trade notify", id="space"),
        pytest.param("", id="empty"),
    ],
)
def test_a_msg_method_without_a_topic_name_of_its_own_is_refused(source: Json, name: str) -> None:
    assert not re.fullmatch(source["Parameters"]["MsgMethods"]["AllowedPattern"], name)
