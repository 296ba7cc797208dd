"""Every row of the tables, judged by the gateway and each SDK."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from local.conformance import verdicts
from local.conformance.app import App
from local.conformance.certificates import ISSUERS, certificate
from local.conformance.drivers import Sdks
from local.conformance.rows import FORGED, GENUINE
from local.conformance.verdicts import Judge, Verdict

GATEWAY = "this gateway"
NODE = "alipay-sdk (Node)"
ALIPAY_SDK_PYTHON = "alipay-sdk-python"
PYTHON_ALIPAY_SDK = "python-alipay-sdk"


@dataclass(frozen=True)
class Measurement:
    """What was found, by column and row. Where there is no Node, its column is missing."""

    genuine: Mapping[str, Mapping[str, Verdict]]
    forged: Mapping[str, Mapping[str, Verdict]]
    same_sn: Mapping[str, Mapping[str, bool]]
    """Whether an SDK computes the SN that the gateway computes, by the issuer's name."""


def measure(sdks: Sdks) -> Measurement:
    """Under keys made here: no result depends on them."""
    app = App.generate()
    judges: dict[str, Judge] = {GATEWAY: verdicts.gateway}
    if sdks.node:
        judges[NODE] = partial(verdicts.node, sdks.node)
    judges[ALIPAY_SDK_PYTHON] = partial(verdicts.alipay_sdk_python, sdks.alipay_sdk_python)
    judges[PYTHON_ALIPAY_SDK] = partial(verdicts.python_alipay_sdk, sdks.python_alipay_sdk)
    genuine, forged = (
        {row: make(app.alipay, gateway_sn(app)) for row, make in rows.items()} for rows in (GENUINE, FORGED)
    )
    return Measurement(
        genuine={name: {row: judge(app, made) for row, made in genuine.items()} for name, judge in judges.items()},
        forged={name: {row: judge(app, made) for row, made in forged.items()} for name, judge in judges.items()},
        same_sn=_same_sn(sdks, app),
    )


def gateway_sn(app: App) -> str:
    return app.keys(certified=True).public_keys[0].sn


def node_sn(sdks: Sdks, app: App) -> object:
    return sdks.node and sdks.node.ask("certSn", config=app.node_config(certified=True))


def python_sn(sdks: Sdks, app: App) -> object:
    return sdks.python_alipay_sdk.ask("cert_sn", certificate=app.certificate)


def _same_sn(sdks: Sdks, app: App) -> dict[str, dict[str, bool]]:
    apps = {name: App(app.alipay, certificate(app.alipay, issuer)) for name, issuer in ISSUERS.items()}
    computes = {NODE: node_sn, PYTHON_ALIPAY_SDK: python_sn} if sdks.node else {PYTHON_ALIPAY_SDK: python_sn}
    return {
        column: {name: sn(sdks, with_issuer) == gateway_sn(with_issuer) for name, with_issuer in apps.items()}
        for column, sn in computes.items()
    }
