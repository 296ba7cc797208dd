"""The template as CloudFormation sees it: expanded by SAM's own transforms, for chosen parameters and partition."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from samcli.lib.translate.sam_template_validator import SamTemplateValidator  # type: ignore[import-untyped]
from samcli.yamlhelper import yaml_parse  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

Json = dict[str, Any]


@dataclass(frozen=True)
class Expanded:
    """What the transforms made of the template; conditions and parameters are resolved, `Ref`s to resources are not."""

    resources: Json
    outputs: Json

    def of_type(self, type_: str) -> Json:
        """The properties of every resource of a type, by logical id."""
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] == type_}

    def message_topics(self) -> list[Json]:
        """The topics that messages go to: all but the one for alarms."""
        return [topic for name, topic in self.of_type("AWS::SNS::Topic").items() if name != "AlarmTopic"]

    def one(self, type_: str) -> Any:
        """The properties of the only resource of a type."""
        (properties,) = self.of_type(type_).values()
        return properties

    def function(self, logical_id: str = "Gateway") -> Json:
        """The properties of a function."""
        properties: Json = self.of_type("AWS::Lambda::Function")[logical_id]
        return properties

    def statements(self, role_id: str = "GatewayRole") -> list[Json]:
        """Every statement of a role's policies: those it has of its own and those that are put on it."""
        policies = list(self.of_type("AWS::IAM::Role")[role_id]["Policies"])
        policies += [p for p in self.of_type("AWS::IAM::Policy").values() if {"Ref": role_id} in p["Roles"]]
        return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


Expand = Callable[..., Expanded]


def parse(template: Path) -> Json:
    """A template as written, its short forms as dictionaries."""
    parsed: Json = yaml_parse(template.read_text())
    return parsed


def expander(template: Path) -> Expand:
    """Expands a template for a stack called `alipay`; takes parameters by name, `partition` and `region`."""

    @cache
    def expand(*, partition: str = "aws", region: str = "eu-west-1", **parameters: str) -> Expanded:
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        pseudo = {"AWS::Partition": partition, "AWS::Region": region, "AWS::StackName": "alipay"}
        pseudo["AWS::URLSuffix"] = suffix
        # Of the two transforms it is this one that resolves conditions and parameters, so every template gets it here.
        transforms = {"Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]}
        validator = SamTemplateValidator(
            parse(template) | transforms,
            SimpleNamespace(load=dict),
            region=region,
            parameter_overrides={**pseudo, "AWS::AccountId": "111122223333", **parameters},
            language_extensions_enabled=True,
        )
        expanded = yaml.safe_load(validator.get_translated_template_if_valid())
        conditions = expanded.get("Conditions", {})
        resources = {
            name: resource
            for name, resource in expanded["Resources"].items()
            if "Condition" not in resource or _holds({"Condition": resource["Condition"]}, conditions)
        }
        return Expanded(resources, expanded.get("Outputs", {}))

    return expand


def _holds(condition: Json, conditions: Json) -> bool:
    ((function, operands),) = condition.items()
    match function:
        case "Condition":
            return _holds(conditions[operands], conditions)
        case "Fn::Equals":
            return bool(operands[0] == operands[1])
        case "Fn::Not":
            return not _holds(operands[0], conditions)
        case "Fn::And":
            return all(_holds(operand, conditions) for operand in operands)
        case "Fn::Or":
            return any(_holds(operand, conditions) for operand in operands)
    raise ValueError(function)


@pytest.fixture(scope="session")
def source() -> Json:
    return parse(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def expand() -> Expand:
    return expander(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def stack(expand: Expand) -> Expanded:
    """The template with its defaults."""
    return expand()
