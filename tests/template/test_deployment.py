"""What a deployment needs besides resources: lint, descriptions, environments, partitions and the layer's build."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.template.conftest import ROOT, Expand, Expanded, Json

LAYER = ROOT / "layers" / "dependencies"
ENVIRONMENTS = {"default": "alipay-gateway", "staging": "alipay-gateway-staging", "prod": "alipay-gateway-prod"}


def test_sam_finds_nothing_to_complain_about() -> None:
    sam = str(Path(sys.executable).with_name("sam"))
    env = {**os.environ, "AWS_DEFAULT_REGION": "eu-west-1", "SAM_CLI_TELEMETRY": "0"}

    command = [sam, "validate", "--lint"]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)  # noqa: S603  no input from outside

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_parameter_and_output_is_described(source: Json, stack: Expanded) -> None:
    for described in (source["Parameters"], stack.outputs):
        assert [name for name, definition in described.items() if not definition.get("Description")] == []


def test_every_parameter_has_a_default_so_that_a_deployment_needs_no_flags(source: Json) -> None:
    assert [name for name, definition in source["Parameters"].items() if "Default" not in definition] == []


@pytest.mark.parametrize(
    ("partition", "region", "suffix"),
    [("aws", "eu-west-1", "amazonaws.com"), ("aws-cn", "cn-north-1", "amazonaws.com.cn")],
)
def test_the_gateway_url_is_that_of_the_partition_it_is_deployed_in(
    expand: Expand, partition: str, region: str, suffix: str
) -> None:
    url = str(expand(partition=partition, region=region).outputs["GatewayUrl"]["Value"])

    assert url.endswith(f".execute-api.{region}.{suffix}/alipay/notify")


def test_no_partition_is_written_out() -> None:
    text = (ROOT / "template.yaml").read_text()

    assert re.findall(r"arn:aws[\w-]*", text) == []
    # The same in every partition: this service principal, and the names of services in kms:ViaService.
    assert set(re.findall(r"[\w.${}:]*amazonaws\.com[.\w]*", text)) == {
        "lambda.amazonaws.com",
        *(f"{service}.${{AWS::Region}}.amazonaws.com" for service in ("secretsmanager", "dynamodb", "sns")),
    }


def test_nothing_of_another_partition_is_left_in_china(expand: Expand) -> None:
    stack = expand(partition="aws-cn", region="cn-northwest-1")

    assert "arn:aws:" not in str(stack)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_deploys_a_stack_of_its_own_without_flags(environment: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]

    assert config["global"]["parameters"] == {"language_extensions": True, "stack_name": ENVIRONMENTS[environment]}
    assert config["deploy"]["parameters"]["resolve_s3"] is True
    assert config["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_build_is_taken_from_a_cache(environment: str) -> None:
    """SAM's cache does not know for which target a layer was built: Lambda could get the layer of an emulator."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]

    assert "cached" not in config["build"]["parameters"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_override_is_a_parameter_of_the_template(source: Json, environment: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]

    overrides = dict(item.split("=") for item in config["deploy"]["parameters"]["parameter_overrides"].split())

    assert overrides.keys() <= source["Parameters"].keys()
    assert int(overrides["LogRetentionDays"]) in source["Parameters"]["LogRetentionDays"]["AllowedValues"]


def test_every_third_party_package_is_pinned_and_hashed() -> None:
    text = (LAYER / "requirements.txt").read_text().replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]

    assert len(requirements) >= 2
    assert [line for line in requirements if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+ .*--hash=sha256:", line)] == []


def build_commands(logical_id: str, **variables: str) -> str:
    """What make would run to build a layer."""
    arguments = [f"{name}={value}" for name, value in {"ARTIFACTS_DIR": "artifacts", **variables}.items()]
    command = ["make", "--dry-run", f"build-{logical_id}", *arguments]
    return subprocess.run(command, cwd=LAYER, capture_output=True, text=True, check=True).stdout  # noqa: S603  as above


def test_every_layer_is_built_for_its_architecture_from_hashed_wheels(source: Json) -> None:
    machines = {"arm64": "aarch64", "x86_64": "x86_64"}
    layers = {name: r for name, r in source["Resources"].items() if isinstance(r, dict) and "LayerVersion" in r["Type"]}

    assert len(layers) == len(machines)
    for name, layer in layers.items():
        assert layer["Metadata"] == {"BuildMethod": "makefile"}
        (architecture,) = layer["Properties"]["CompatibleArchitectures"]
        commands = build_commands(name)
        assert set(re.findall(r"--platform (\S+)", commands)) == {
            f"{libc}_{machines[architecture]}" for libc in ("manylinux2014", "manylinux_2_28", "manylinux_2_34")
        }
        assert "--python-version 3.13" in commands
        assert "--only-binary=:all:" in commands
        assert "--require-hashes" in commands


def test_the_layer_of_an_emulator_is_built_for_this_machine() -> None:
    commands = build_commands("DependenciesArm64", LAYER_TARGET="host", PYTHON="chosen-python")

    assert "chosen-python -m pip install" in commands
    assert "--platform" not in commands
    assert "--python-version" not in commands
    assert "--require-hashes" in commands


def test_every_function_ships_its_code_with_byte_code_that_needs_no_compiling(source: Json, tmp_path: Path) -> None:
    resources = {name: r for name, r in source["Resources"].items() if isinstance(r, dict)}
    functions = [name for name, r in resources.items() if r["Type"] == "AWS::Serverless::Function"]
    for name in functions:
        assert source["Resources"][name]["Metadata"] == {"BuildMethod": "makefile"}
    command = ["make", "build-Gateway", f"ARTIFACTS_DIR={tmp_path}", "LAYER_TARGET=host", f"PYTHON={sys.executable}"]
    subprocess.run(command, cwd=ROOT / "handler", check=True, capture_output=True)  # noqa: S603  fixed words

    modules = {path.stem for path in (ROOT / "handler" / "alipay_gateway").glob("*.py")}
    compiled = list((tmp_path / "alipay_gateway" / "__pycache__").glob("*.pyc"))

    assert {path.name.partition(".")[0] for path in compiled} == modules
    for path in compiled:
        # This Python's; bit 0 without bit 1: matched to its source by nothing that a copy or an unzip changes.
        assert (path.read_bytes()[:4], path.read_bytes()[4:8]) == (importlib.util.MAGIC_NUMBER, b"\x01\x00\x00\x00")
    assert len(list((tmp_path / "alipay_gateway" / "schemas").glob("*.json"))) >= 4


def test_without_the_target_python_the_code_is_shipped_all_the_same_and_it_is_said(tmp_path: Path) -> None:
    command = ["make", "build-Gateway", f"ARTIFACTS_DIR={tmp_path}", "lambda_compiler=no-such-python"]
    done = subprocess.run(command, cwd=ROOT / "handler", check=True, capture_output=True, text=True)  # noqa: S603

    assert "No no-such-python here" in done.stdout
    assert (tmp_path / "alipay_gateway" / "app.py").exists()
    assert not list(tmp_path.rglob("*.pyc"))
