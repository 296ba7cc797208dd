"""The layout as code: imports point down, and only few modules know the world outside."""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import alipay_gateway

PACKAGE = Path(alipay_gateway.__file__).parent
SOURCES = {path.stem: ast.parse(path.read_text("utf-8")) for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
MODULES = sorted(SOURCES)

# From top to bottom. A module imports from the layers below its own only, so there can be no cycle.
LAYERS = [
    {"app", "redrive", "replay"},
    {"telemetry"},
    {"gateway"},
    {"publisher"},
    {"signature", "topics", "records"},
    {"keyring", "encryption", "cloudevent", "ledger"},
    {"catalogue"},
    {"keys", "notification", "borders"},
    {"request"},
    {"lines"},
    {"text", "aws", "settings", "retries", "certificates"},
    {"errors"},
]


def layer_of(module: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if module in layer)


def imports_of(module: str) -> Iterator[tuple[str, set[str]]]:
    """Everything imported, wherever in the module: its dotted name, a leading dot for our own, and the names taken."""
    for node in ast.walk(SOURCES[module]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, set()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), {alias.name for alias in node.names}


def users_of(package: str) -> set[str]:
    return {module for module in MODULES for name, _ in imports_of(module) if name.partition(".")[0] == package}


def test_every_module_has_its_layer() -> None:
    assert sorted(module for layer in LAYERS for module in layer) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    ours = {name.removeprefix(".") for name, _ in imports_of(module) if name.startswith(".")}
    assert [name for name in ours if layer_of(name) <= layer_of(module)] == []


@pytest.mark.parametrize("module", MODULES)
def test_our_own_modules_are_imported_by_their_relative_names(module: str) -> None:
    names = {name for name, _ in imports_of(module)}
    assert {name for name in names if name == "." or name.startswith("..")} == set()
    assert "alipay_gateway" not in {name.partition(".")[0] for name in names}


# ---- the world outside


def test_libraries_are_used_where_their_job_is_and_nowhere_else() -> None:
    used = defaultdict(set)
    for module in MODULES:
        for name, _ in imports_of(module):
            package = name.partition(".")[0]
            if package and package not in sys.stdlib_module_names and not package.startswith("mypy_boto3_"):
                used[package].add(module)
    assert used == {
        "aws_lambda_powertools": {"lines"},
        "botocore": {"app", "aws", "keyring", "ledger", "records", "redrive", "replay", "topics"},
        "cryptography": {"certificates", "encryption", "keys", "signature"},
        "fastjsonschema": {"catalogue"},
    }


def test_of_powertools_no_more_is_imported_than_is_used() -> None:
    taken = {name for module, names in imports_of("lines") if module.startswith("aws_") for name in names}
    assert taken == {"Logger"}


@pytest.mark.parametrize("module", MODULES)
def test_type_stubs_are_imported_for_type_checking_only(module: str) -> None:
    class Runtime(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if ast.unparse(node.test) == "TYPE_CHECKING" else node

    assert "mypy_boto3" not in ast.unparse(Runtime().visit(ast.parse(ast.unparse(SOURCES[module]))))


@pytest.mark.parametrize(
    ("library", "users"),
    [
        pytest.param("os", {"app", "redrive", "replay"}, id="the environment"),
        pytest.param("time", {"app", "redrive", "replay"}, id="the time"),
        pytest.param("socket", set(), id="the network"),
        pytest.param("http", set(), id="HTTP"),
        pytest.param("logging", {"app"}, id="the log, but through Powertools"),
        pytest.param("random", set(), id="chance"),
    ],
)
def test_the_world_is_read_by_the_entries_alone(library: str, users: set[str]) -> None:
    assert users_of(library) == users


@pytest.mark.parametrize("module", MODULES)
def test_nobody_asks_datetime_for_the_time(module: str) -> None:
    attributes = {node.attr for node in ast.walk(SOURCES[module]) if isinstance(node, ast.Attribute)}
    assert attributes & {"now", "utcnow", "today"} == set()


def words_of(module: str) -> set[str]:
    """Its strings, but for docstrings, and the attributes that it asks for."""
    tree = SOURCES[module]
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docstrings)
    strings = {node.value for node in constants if isinstance(node.value, str)}
    return strings | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


HTTP_AND_LAMBDA = {
    "aws_request_id",
    "body",
    "cookies",
    "get_remaining_time_in_millis",
    "headers",
    "isBase64Encoded",
    "pathParameters",
    "queryStringParameters",
    "rawPath",
    "rawQueryString",
    "requestContext",
    "statusCode",
}


def test_only_the_entries_and_the_request_know_http_and_lambda() -> None:
    known = {module: words_of(module) & HTTP_AND_LAMBDA for module in MODULES}
    assert {module: words for module, words in known.items() if words} == {
        "app": {"aws_request_id", "get_remaining_time_in_millis", "statusCode", "headers", "body"},
        "redrive": {"aws_request_id", "get_remaining_time_in_millis"},
        "replay": {"aws_request_id"},
        "request": {"body", "isBase64Encoded", "rawQueryString"},
    }


# ---- start-up


def loaded_by(module: str, env: dict[str, str]) -> set[str]:
    """What a fresh interpreter has loaded after importing the module, in the given environment."""
    # pyOpenSSL comes with the test tools, not with the layer; botocore would load it and half of cryptography with it.
    program = f"import sys, json; sys.modules['OpenSSL'] = None; import {module}; print(json.dumps([*sys.modules]))"
    command = [sys.executable, "-c", program]
    outcome = subprocess.run(  # noqa: S603  a program written here
        command, env={"PYTHONPATH": str(PACKAGE.parent), **env}, capture_output=True, check=True
    )
    return set(json.loads(outcome.stdout))


def test_all_but_the_entry_are_imported_without_an_environment() -> None:
    modules = [f"alipay_gateway.{module}" for module in MODULES if module != "app"]
    assert set(modules) <= loaded_by(", ".join(modules), {})


@pytest.mark.parametrize(
    "heavy",
    [
        pytest.param("boto3", id="boto3, where botocore is enough"),
        pytest.param("cryptography.x509", id="certificates"),
        pytest.param("aws_lambda_powertools.event_handler", id="a router"),
        pytest.param("fastjsonschema", id="the validator of schemas"),
        pytest.param("asyncio", id="an event loop"),
        pytest.param("requests", id="another HTTP client"),
        pytest.param("unittest", id="test tools"),
    ],
)
def test_starting_up_does_not_load(heavy: str, started: set[str]) -> None:
    assert "alipay_gateway.app" in started
    assert heavy not in started


@pytest.fixture(scope="module")
def started() -> set[str]:
    names = [*(name for name in os.environ if name.startswith("AWS_")), "LEDGER_TABLE", "TOPIC_ARN_PREFIX"]
    names += ["MSG_METHODS", "UNROUTED_TOPIC_ARN", "KEYRING_SECRET_ID"]
    return loaded_by("alipay_gateway.app", {name: os.environ[name] for name in names})
