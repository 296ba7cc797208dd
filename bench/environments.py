"""What each subject may import: what it would have in Lambda, and nothing of the test tools.

botocore loads pyOpenSSL when it finds it, and half of `cryptography` with it; the gateway's layer has none, while
python-alipay-sdk brings it along. So each subject gets directories of its own, with the pinned versions in them.
"""

import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

from local.conformance.environments import PYTHON_ALIPAY_SDK, python_sdk

ROOT = Path(__file__).parents[1]
STORE = ROOT / ".local" / "bench"

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
"""What Lambda's Python runtime brings."""


def homes() -> dict[str, list[Path]]:
    """The directories on each subject's path."""
    runtime, layer = _links("runtime", RUNTIME), _links("layer", _layer())
    return {
        "ours": [ROOT, ROOT / "handler", layer, runtime],
        "diy": [ROOT, python_sdk(PYTHON_ALIPAY_SDK), layer, runtime],
        "floor": [ROOT, layer, runtime],
    }


def _layer() -> list[str]:
    pins = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text()
    return re.findall(r"^([\w.-]+)==", pins, re.MULTILINE)


def _links(name: str, distributions: tuple[str, ...] | list[str]) -> Path:
    """A directory with links to the installed packages: their versions are the pinned ones."""
    home = STORE / name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for project in distributions:
        installed = distribution(project)
        tops = {Path(file).parts[0] for file in installed.files or () if not str(file).startswith("..")}
        for top in tops - {"__pycache__"}:
            (home / top).symlink_to(str(installed.locate_file(top)))
    return home
