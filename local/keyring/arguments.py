"""The command line's grammar."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from local.keyring import changes
from local.keyring.changes import Change
from local.keyring.document import Refusal
from local.keyring.inputs import read_aes_key, read_public_key

_DESCRIPTION = """\
Look into the keyring of a stack, or of a file, and change it. A change is checked by the function's own parser, shown,
asked about, and written only over the version that was read: on a file but for the instant of the exchange, in Secrets
Manager without exception. Keys are shown by their fingerprints; an AES key is never an argument, where others could
read it."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options | {"allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        # argparse repeats what it does not understand: that may be a key.
        super().error(re.sub(r"""'.*'|".*"|(?<=arguments: ).*""", "…", message))


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """`command` is list, undo or change; then `change` makes the change of `app_id`, with what `inputs` reads."""
    parser = _Parser(
        "python -m local.keyring", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    place = _Parser(add_help=False)
    where = place.add_mutually_exclusive_group()
    where.add_argument("--stack", default="alipay-gateway", help="the stack whose keyring it is (%(default)s)")
    where.add_argument("--file", type=Path, help="a keyring in a file instead")
    writing = _Parser(add_help=False, parents=[place])
    writing.add_argument("--yes", action="store_true", help="do not ask")
    of_app = _Parser(add_help=False, parents=[writing])
    of_app.add_argument("app_id", metavar="APP_ID")

    def command(name: str, parent: _Parser, text: str, **defaults: Any) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, parents=[parent], help=text, description=text)
        made.set_defaults(**{"command": "change", "inputs": lambda _: {}} | defaults)
        return made

    def editing(
        name: str, change: Callable[..., Change], inputs: Callable[[argparse.Namespace], dict[str, Any]], text: str
    ) -> argparse.ArgumentParser:
        return command(name, of_app, text, change=change, inputs=inputs)

    command("list", place, "show the keys of every app, and what is odd about them", command="list")

    add = editing("add-app", changes.add_app, _app, "add an app with Alipay's public key (支付宝公钥)")
    add.add_argument("--alipay-public-key", dest="key", metavar="FILE|-", required=True, help=_KEY_HELP)
    _add_own_key(add)
    _add_aes_key(add).add_argument("--aes-key-prompt", action="store_true", help="ask for the AES key, without an echo")
    add.add_argument(
        "--sign-type",
        choices=["RSA2", "RSA"],
        action="append",
        default=[],
        help="accept this one; repeated, these (RSA2 alone)",
    )

    add = editing("add-key", changes.add_key, _key, "add a public key of Alipay's beside the app's others")
    add.add_argument("key", metavar="FILE|-", help=_KEY_HELP)
    _add_own_key(add)
    add.set_defaults(aes_key=None)
    take = editing("retire-key", changes.retire_key, _name, "take a public key out")
    take.add_argument("name", metavar="FINGERPRINT|SN", help="as `list` and the function's logs name it")

    add = editing(
        "add-aes-key", changes.add_aes_key, _aes_key, "add a key of 接口内容加密; asks for it without an echo"
    )
    _add_aes_key(add)
    take = editing("retire-aes-key", changes.retire_aes_key, _name, "take an AES key out")
    take.add_argument("name", metavar="NAME", help="as `list` names it; not the key")

    for name, change in ("allow", changes.allow), ("disallow", changes.disallow):
        sign = editing(name, change, lambda given: {"sign_type": given.sign_type}, f"{name} a sign_type")
        sign.add_argument("sign_type", choices=["RSA2", "RSA"])
    command("remove-app", of_app, "take an app out with all its keys", change=changes.remove_app)
    command("undo", writing, "put the version before back in its place", command="undo")
    return parser.parse_args(argv)


_KEY_HELP = "one line of base64, PEM, or a certificate (alipayCertPublicKey_RSA2.crt); - for standard input"


def _add_own_key(parser: argparse.ArgumentParser) -> None:
    text = "the application's own public key (应用公钥), to make sure that it is not taken for Alipay's"
    parser.add_argument("--app-public-key", metavar="FILE", help=text)


def _add_aes_key(parser: argparse.ArgumentParser) -> Any:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--aes-key-stdin", dest="aes_key", action="store_const", const="-", help="AES key from standard input"
    )
    group.add_argument("--aes-key-file", dest="aes_key", metavar="FILE", help="AES key from a file")
    return group


def _key(given: argparse.Namespace) -> dict[str, Any]:
    if [given.key, given.app_public_key, given.aes_key].count("-") > 1:
        raise Refusal("Standard input gives one key only: name a file for the other")
    own_key = read_public_key(given.app_public_key) if given.app_public_key else ""
    return {"key": read_public_key(given.key), "own_key": own_key}


def _app(given: argparse.Namespace) -> dict[str, Any]:
    aes_keys = [read_aes_key(given.aes_key)] if given.aes_key or given.aes_key_prompt else []
    return {**_key(given), "aes_keys": aes_keys, "sign_types": given.sign_type}


def _aes_key(given: argparse.Namespace) -> dict[str, Any]:
    return {"aes_key": read_aes_key(given.aes_key)}


def _name(given: argparse.Namespace) -> dict[str, Any]:
    return {"name": given.name}
