"""Setting the SDKs up: once, anew for other pins, and never half."""

from pathlib import Path

import pytest

from local.conformance.environments import ALIPAY_SDK_NODE, ALIPAY_SDK_PYTHON, PYTHON_ALIPAY_SDK, environment


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "sdk.txt"
    path.write_text("sdk==1")
    return path


def put_sdk(home: Path) -> None:
    (home / "sdk").touch()


def test_what_is_installed_is_not_installed_again(tmp_path: Path, pins: Path) -> None:
    first = environment(pins, put_sdk, store=tmp_path / "store")
    calls: list[Path] = []

    assert environment(pins, calls.append, store=tmp_path / "store") == first
    assert (first / "sdk").exists()
    assert calls == []


def test_other_pins_are_installed_beside_the_old_ones(tmp_path: Path, pins: Path) -> None:
    first = environment(pins, put_sdk, store=tmp_path / "store")
    pins.write_text("sdk==2")

    second = environment(pins, put_sdk, store=tmp_path / "store")
    assert second != first
    assert (second / "sdk").exists()


def test_what_was_interrupted_is_not_taken_for_finished(tmp_path: Path, pins: Path) -> None:
    def interrupted(home: Path) -> None:
        put_sdk(home)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        environment(pins, interrupted, store=tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


def test_two_at_the_same_time_end_with_the_same(tmp_path: Path, pins: Path) -> None:
    def overtaken(home: Path) -> None:
        put_sdk(home)
        environment(pins, put_sdk, store=tmp_path / "store")

    home = environment(pins, overtaken, store=tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == [home]


@pytest.mark.parametrize("pins", [ALIPAY_SDK_PYTHON, PYTHON_ALIPAY_SDK, ALIPAY_SDK_NODE], ids=lambda path: path.name)
def test_the_pins_name_no_registry(pins: Path) -> None:
    text = pins.read_text("utf-8")

    assert "--index-url" not in text
    assert "--find-links" not in text
    assert '"resolved"' not in text
