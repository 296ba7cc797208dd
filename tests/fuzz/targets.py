"""The properties that inputs by the hundred thousand are tried against, each under the name of what it tries.

Plain functions under `given`: pytest runs them for a moment, `make fuzz` for as long as one likes, and
`TARGETS[name].hypothesis.fuzz_one_input` lets any other fuzzer feed them bytes.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from alipay_gateway import errors, text
from alipay_gateway.catalogue import Catalogue
from alipay_gateway.cloudevent import stored_message, to_message
from alipay_gateway.encryption import decrypt
from alipay_gateway.errors import CannotDecrypt, MalformedRequest, MessageTooLarge
from alipay_gateway.notification import read_notification
from alipay_gateway.request import MAX_BROKEN_ESCAPES, MAX_PARAMETERS, SignedRequest, read_request
from local.alipay import Convention, SignedNotification, SimulatedAlipay, encrypt, generate_aes_key
from tests.fuzz import inputs, oracles
from tests.fuzz.inputs import APP, NAMES, NOW_MS, Carry, Spell
from tests.support.offline import Delivery, OfflineGateway

CODECS = st.sampled_from([("utf-8",), ("gb18030",), ("utf-8", "gb18030")])
STATUS = {error.reason: error.status for error in vars(errors).values() if hasattr(error, "reason")}
OTHER_APP = "2021000000000002"
SNS_BYTES = 256 * 1024
NOT_SIGNED = (b"sign", b"sign_type", b"alipay_cert_sn")  # not always, at least


# ---- the function, and Alipay


@cache
def alipay() -> SimulatedAlipay:
    return SimulatedAlipay.generate(1024, aes_key=generate_aes_key())


@cache
def other_alipay() -> SimulatedAlipay:
    """Alipay as another app knows it: its signatures are genuine, for that app alone."""
    return SimulatedAlipay.generate(1024)


@cache
def gateway() -> OfflineGateway:
    keyring = {APP: alipay().keyring_entry(), OTHER_APP: other_alipay().keyring_entry()}
    return OfflineGateway(keyring, NOW_MS / 1000)


@cache
def private_key() -> RSAPrivateKey:
    key = load_pem_private_key(alipay().private_pem(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def sign(parameters: Mapping[bytes, bytes], convention: Convention, *, rsa1: bool = False) -> bytes:
    """As Alipay signs, but any bytes."""
    left_out = {b"sign", b"sign_type"} if convention is Convention.V1 else {b"sign"}
    content = b"&".join(name + b"=" + parameters[name] for name in sorted(parameters) if name not in left_out)
    hash_ = SHA1() if rsa1 else SHA256()  # noqa: S303  a signature that must be refused
    return base64.b64encode(private_key().sign(content, PKCS1v15(), hash_))


@contextmanager
def telling(variant: bytes) -> Iterator[None]:
    """Adds the input to what it raises."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"Input: {variant!r}")
        raise


# ---- the parser


@given(event=inputs.events)
def events(event: dict[str, Any]) -> None:
    """Any event is a request or malformed; its part is read as the standard library reads it."""
    _read(event)


@given(part=inputs.forms, seed=inputs.seeds, carry=inputs.carriers)
def parser(part: bytes, seed: int, carry: Carry) -> None:
    """Any form is read as the standard library reads it, or malformed."""
    for form in inputs.neighbours(part, seed):
        with telling(form):
            _read(carry(form))


def _read(event: dict[str, Any]) -> None:
    try:
        parameters = list(read_request(event).parameters.items())
    except MalformedRequest:
        return
    assert b"sign" in dict(parameters)
    assert len(dict(parameters)) == len(parameters) <= MAX_PARAMETERS
    if event.get("isBase64Encoded") is True:
        candidates = [base64.b64decode(event["body"])] if isinstance(event.get("body"), str) else []
    else:
        candidates = [event["body"].encode()] if isinstance(event.get("body"), str) else []
    if isinstance(event.get("rawQueryString"), str):
        candidates.append(event["rawQueryString"].encode(errors="replace"))
    assert parameters in [oracles.parameters_of(candidate) for candidate in candidates]


@given(part=inputs.parts, seed=inputs.seeds, times=st.sampled_from([1, 1, 1, 40]))
def escapes(part: bytes, seed: int, times: int) -> None:
    """Percent escapes are read to the byte as `unquote_to_bytes` reads them."""
    for variant in inputs.neighbours(part, seed):
        escaped = variant.replace(b"&", b"") * times
        with telling(escaped):
            _unescape(escaped)


def _unescape(escaped: bytes) -> None:
    expected = unquote_to_bytes(escaped.replace(b"+", b" "))
    broken = escaped.count(b"%") - (len(escaped) - len(expected)) // 2
    try:
        read = read_request(inputs.body_event(b"sign=" + escaped)).get("sign")
    except MalformedRequest:
        assert broken > MAX_BROKEN_ESCAPES
    else:
        assert broken <= MAX_BROKEN_ESCAPES
        assert read == expected


# ---- the decoder


_raw = st.binary(max_size=40) | inputs.texts.flatmap(
    lambda made: st.sampled_from(["utf-8", "gb18030"]).map(made.encode)
)


@given(name=st.sampled_from(inputs.CHARSETS) | st.text(max_size=12), raw=_raw, seed=inputs.seeds)
def charset(name: str, raw: bytes, seed: int) -> None:
    """No codec but the listed ones is reached, and no byte is lost on the way to text."""
    try:
        codecs = text.codecs_of(name)
    except MalformedRequest:
        return
    assert set(codecs) <= {"utf-8", "gb18030"}
    for variant in inputs.neighbours(raw, seed):
        with telling(variant):
            readable = [codec for codec in codecs if _decodes(variant, codec)]
            try:
                decoded = text.decode(variant, codecs)
            except MalformedRequest:
                assert not readable
            else:
                assert decoded == variant.decode(readable[0])
                decoded.encode()


@given(source=inputs.contents, seed=inputs.seeds)
def grammar(source: str, seed: int) -> None:
    """What is taken for JSON is JSON, and what is JSON is taken for it unless it is nested too deeply."""
    for variant in inputs.neighbours(source.encode(), seed):
        content = variant.decode(errors="replace")
        taken, depth = text.is_json(content), oracles.depth_of(content)
        with telling(variant):
            if depth < 500:
                assert taken == oracles.is_json(content)
            elif taken and depth < 5_000:
                assert oracles.is_json(content)


@cache
def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(bytes(16)))


def _encrypted(blocks: bytes, key: bytes) -> bytes:
    """Without any padding but what the blocks bring; a block that is not whole stays as it is."""
    whole = len(blocks) // 16 * 16
    encryptor = _cipher(key).encryptor()
    return base64.b64encode(encryptor.update(blocks[:whole]) + encryptor.finalize() + blocks[whole:])


AES_KEYS = [bytes(range(size)) for size in (16, 24, 32)]
_paddings = st.one_of(
    st.integers(0, 17).map(lambda count: bytes([count]) * count),
    st.builds(
        lambda count, at, byte: bytes([count]) * at + bytes([byte]) + bytes([count]) * (count - at - 1),
        *(st.integers(2, 16), st.integers(0, 14), st.integers(0, 16)),
    ),
    st.binary(max_size=18),
)
ciphertexts = st.one_of(
    st.binary(max_size=40),
    st.binary(max_size=40).map(base64.b64encode),
    st.builds(
        lambda plain, padding, key, tail: _encrypted(plain + b" " * (-len(plain + padding) % 16) + padding, key) + tail,
        st.sampled_from([b"{}", b'{"a":1}', b" " * 14 + b"{}", b"", b"no JSON", b'"\xd6\xd0"', b'"\xe4\xb8\xad"']),
        _paddings,
        st.sampled_from(AES_KEYS),
        st.sampled_from([b"", b"", b"\n", b"=", b"AAAA", b" "]),
    ),
)


@given(
    ciphertext=ciphertexts,
    keys=st.permutations(AES_KEYS) | st.lists(st.sampled_from(AES_KEYS), max_size=2),
    codecs=CODECS,
    seed=inputs.seeds,
)
def decryption(ciphertext: bytes, keys: list[bytes], codecs: tuple[str, ...], seed: int) -> None:
    """What decrypts is right padded JSON; all else fails in the same words, with no cause to tell it by."""
    for variant in inputs.neighbours(ciphertext, seed):
        with telling(variant):
            _decrypt(variant, keys, codecs)


def _decrypt(ciphertext: bytes, keys: list[bytes], codecs: tuple[str, ...]) -> None:
    plaintexts = [plain for key in keys if (plain := oracles.plaintext_of(ciphertext, key)) is not None]
    readings = [[plain.decode(codec) for codec in codecs if _decodes(plain, codec)][:1] for plain in plaintexts]
    expected = [reading for read in readings for reading in read if oracles.is_json(reading)]
    if expected:
        assert decrypt(ciphertext, keys, codecs) == expected[0]
        return
    with pytest.raises(CannotDecrypt) as refusal:
        decrypt(ciphertext, keys, codecs)
    assert str(refusal.value) == "The biz_content does not decrypt to JSON with any AES key of the app"
    assert (refusal.value.__cause__, refusal.value.__context__) == (None, None)


def _decodes(raw: bytes, codec: str) -> bool:
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


# ---- the notification and its event

_ordinary = {
    "notify_id": inputs.tame,
    "app_id": st.just(APP),
    "msg_method": inputs.tame,
    "utc_timestamp": st.just(str(NOW_MS)),
    "version": st.just("1.1"),
    "sign_type": st.just("RSA2"),
}


@st.composite
def odd_parameters(draw: st.DrawFn) -> dict[bytes, bytes]:
    """What Alipay might sign on a bad day, without `sign`: odd values, missing ones, others beside them."""
    values = draw(st.fixed_dictionaries({**_ordinary, "biz_content": inputs.contents}))
    values["charset"] = draw(st.sampled_from(["UTF-8", "GBK", "gb2312", "UTF-8", ""]))
    if draw(st.booleans()):
        values["biz_content"] = encrypt(values["biz_content"].encode(), str(alipay().aes_key))
        values["encrypt_type"] = "AES"
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=4)):
        values[name] = draw(inputs.value_of(name))
    for name in draw(st.lists(st.sampled_from([*NAMES, "biz_content"]), max_size=2)):
        values.pop(name, None)
    values |= draw(st.dictionaries(inputs.texts, inputs.texts, max_size=3))
    values.pop("sign", None)
    codec = draw(st.sampled_from(["utf-8", "utf-8", "gb18030"]))
    return {name.encode(codec): value.encode(codec) for name, value in values.items()}


def changed_parameters(parameters: dict[bytes, bytes], seed: int) -> Iterator[dict[bytes, bytes]]:
    """The parameters themselves, then others in which one value is another."""
    names = [*parameters, b"biz_content", b"biz_content"]
    name = names[seed % len(names)]
    if len(parameters.get(b"biz_content", b"")) > 8_192:
        name = b"biz_content"  # of which, as it is large, no neighbours are tried
    for value in inputs.neighbours(parameters.get(name, b"{}"), seed):
        yield {**parameters, name: value}


@given(parameters=odd_parameters(), seed=inputs.seeds)
def notification(parameters: dict[bytes, bytes], seed: int) -> None:
    """Parameters become a notification that says what they say, and its event; or they are refused."""
    for variant in changed_parameters(parameters, seed):
        with telling(repr(variant).encode()):
            _decode({**variant, b"app_id": APP.encode()})  # the keyring knows no other


_CATALOGUE = Catalogue()


def _decode(parameters: dict[bytes, bytes]) -> None:
    key = base64.b64decode(str(alipay().aes_key))
    request = SignedRequest(parameters)
    try:
        read = read_notification(request, lambda raw, codecs: decrypt(raw, [key], codecs))
        message = to_message(read, _CATALOGUE.check(read))
    except (MalformedRequest, CannotDecrypt, MessageTooLarge):
        return
    check_event(message.event, parameters)
    assert stored_message(message.event) == message


def check_event(event_text: str, parameters: Mapping[bytes, bytes]) -> None:
    """The event is one, and says to the letter what the parameters say."""
    event = oracles.event_of(event_text)
    oracles.check_cloudevent(event)
    values = _texts(parameters)
    assert event["id"] == values["notify_id"]
    assert event["appid"] == values["app_id"]
    assert event["source"] == f"urn:alipay:app:{values['app_id']}"
    candidates = [values.get(name) for name in ("msg_method", "method", "notify_type", "service")]
    assert event["type"] == next(filter(None, candidates))
    for name in ("msg_type", "msg_uid", "msg_app_id", "auth_app_id", "notify_type"):
        assert event.get(name.replace("_", "")) == (values.get(name) or None)
    data, content_type = oracles.data_of(event)
    if "biz_content" not in values:
        assert list(json.loads(data).items()) == [item for item in values.items() if item[0] not in NAMES]
        return
    content = values["biz_content"]
    if values.get("encrypt_type"):
        plain = oracles.plaintext_of(content.encode(), base64.b64decode(str(alipay().aes_key)))
        content = _text(plain or b"", values.get("charset", ""))
    if content_type == "application/json":
        assert oracles.is_json(content)
        content = content.replace("\ufffe", r"\ufffe").replace("\uffff", r"\uffff")
        data = data.replace("\ufffe", r"\ufffe").replace("\uffff", r"\uffff")
    assert data == content


def _texts(parameters: Mapping[bytes, bytes]) -> dict[str, str]:
    declared = parameters.get(b"charset", b"").decode("ascii")
    codec = "utf-8"
    if not all(_decodes(raw, "utf-8") for item in parameters.items() if item[0] not in NOT_SIGNED for raw in item):
        codec = "gb18030"
    if declared:
        codec = "utf-8" if "8" in declared and "18030" not in declared else "gb18030"
    return {name.decode(codec): value.decode(codec) for name, value in parameters.items() if name not in NOT_SIGNED}


def _text(raw: bytes, declared: str) -> str:
    if declared:
        return raw.decode("utf-8" if "8" in declared and "18030" not in declared else "gb18030")
    return raw.decode("utf-8") if _decodes(raw, "utf-8") else raw.decode("gb18030")


# ---- the whole handler


def check_reply(delivery: Delivery) -> None:
    """One of the documented replies, with the reason that goes with it."""
    if delivery.body == "success":
        assert (delivery.status, delivery.line["reason"], len(delivery.published)) == (200, "", 1)
    else:
        assert delivery.body == "fail"
        assert delivery.status == STATUS[delivery.line["reason"]], delivery.line
        assert delivery.writes == 0


def check_refused(delivery: Delivery) -> None:
    """Refused, and nothing was written."""
    check_reply(delivery)
    assert (delivery.status // 100, delivery.body, delivery.line["outcome"]) == (4, "fail", "refused")


_pairs = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), inputs.value_of(name)))
_loose = st.lists(_pairs | st.tuples(inputs.texts, inputs.texts), max_size=8)
_signs = st.sampled_from(["", "QUJD", "=", "A" * 172, "A" * 171 + "=", "A" * 344, "中" * 9]) | inputs.texts


@st.composite
def unsigned_forms(draw: st.DrawFn) -> bytes:
    """Parameters that look right, under a signature that is none."""
    pairs = [("app_id", APP), ("sign_type", "RSA2"), *draw(_loose), ("sign", draw(_signs))]
    raw = [(name.encode(), value.encode()) for name, value in dict(pairs[draw(st.integers(0, 2)) :]).items()]
    return inputs.form_of(raw, draw(inputs.spellings))


@given(part=inputs.forms | unsigned_forms() | unsigned_forms(), seed=inputs.seeds, carry=inputs.carriers)
def unsigned(part: bytes, seed: int, carry: Carry) -> None:
    """Whatever carries no signature is refused, with nothing written."""
    for form in inputs.neighbours(part, seed):
        with telling(form):
            check_refused(gateway().deliver(carry(form)))


@given(event=inputs.events)
def strange(event: dict[str, Any]) -> None:
    """Events that API Gateway would not send are refused, with nothing written."""
    check_refused(gateway().deliver(event))


@given(event=inputs.no_events)
def shapeless(event: Any) -> None:
    """What is no event of API Gateway at all is answered all the same."""
    delivery = gateway().deliver(event)
    assert (delivery.status, delivery.body, delivery.writes) == (500, "fail", 0)


@cache
def genuine_pool() -> list[tuple[list[tuple[bytes, bytes]], str]]:
    """Genuine notifications as pairs of bytes, each with the event that it becomes."""
    common = {"app_id": APP, "msg_method": "alipay.trade.order.settle.notify", "utc_timestamp": NOW_MS}
    common |= {"notify_id": "genuine"}
    old = {"notify_id": "old", "app_id": APP, "notify_type": "trade_status_sync", "notify_time": "2023-11-15 06:13:20"}
    old |= {"version": "1.0", "charset": "GBK", "sign_type": "RSA2", "subject": "中文", "total_amount": "10.00"}
    bodies = ['{"a":10.00,"b":"x&notify_id=new&utc_timestamp=1700000000000&version=1.1"}', "a text, 100%", '"中"']
    made: list[SignedNotification] = [
        alipay().notification(**{**common, "biz_content": content, "convention": convention, **options})  # type: ignore[arg-type]
        for content in bodies
        for convention in Convention
        for options in ({}, {"charset": "GBK"}, {"encrypt": True}, {"extra": {"msg_uid": "2088"}})
        if not (options.get("encrypt") and content == bodies[1])
    ]
    made += [alipay().sign(old, "GBK", convention) for convention in Convention]
    pool = []
    for one in made:
        pairs = oracles.parameters_of(one.form())
        delivery = gateway().deliver(inputs.body_event(one.form()))
        check_reply(delivery)
        pool.append((pairs, delivery.published[0]["Message"]))
    return pool


Pairs = list[tuple[bytes, bytes]]
Draw = Callable[..., Any]  # of `st.DrawFn` or of `st.data()`


def _flip(draw: Draw, pairs: Pairs) -> Pairs:
    at = draw(st.integers(0, len(pairs) - 1))
    name, value = pairs[at]
    where = draw(st.integers(0, max(len(value) - 1, 0)))
    value = value[:where] + bytes([draw(st.integers(0, 255))]) + value[where + draw(st.integers(0, 1)) :]
    return [*pairs[:at], (name, value), *pairs[at + 1 :]]


def _drop(draw: Draw, pairs: Pairs) -> Pairs:
    at = draw(st.integers(0, len(pairs) - 1))
    return pairs[:at] + pairs[at + 1 :]


def _add(draw: Draw, pairs: Pairs) -> Pairs:
    name, value = draw(_pairs | st.tuples(inputs.texts, inputs.texts))
    at = draw(st.integers(0, len(pairs)))
    return [*pairs[:at], (name.encode(), value.encode()), *pairs[at:]]


def _rename(draw: Draw, pairs: Pairs) -> Pairs:
    at = draw(st.integers(0, len(pairs) - 1))
    name, value = pairs[at]
    other = draw(st.sampled_from([name.upper(), name + b" ", b" " + name, name + b"[]", b"", b"\xef\xbb\xbf" + name]))
    return [*pairs[:at], (other, value), *pairs[at + 1 :]]


def _swap(draw: Draw, pairs: Pairs) -> Pairs:
    one, other = draw(st.integers(0, len(pairs) - 1)), draw(st.integers(0, len(pairs) - 1))
    swapped = list(pairs)
    swapped[one], swapped[other] = (pairs[one][0], pairs[other][1]), (pairs[other][0], pairs[one][1])
    return swapped


def _absorb(draw: Draw, pairs: Pairs) -> Pairs:
    """Of two parameters that follow each other in the signed content, the first takes the other into its value."""
    unsigned = draw(st.sampled_from([[b"sign"], [b"sign", b"sign_type"]]))
    ordered = sorted(pair for pair in pairs if pair[0] not in unsigned)
    if len(ordered) < 2:
        return pairs
    at = draw(st.integers(0, len(ordered) - 2))
    (name, value), (next_name, next_value) = ordered[at : at + 2]
    # A sign_type that was absorbed is needed all the same.
    kept = [pair for pair in pairs if pair[0] not in (name, next_name) or pair[0] == b"sign_type"]
    return [*kept, (name, value + b"&" + next_name + b"=" + next_value)]


def _cut(draw: Draw, pairs: Pairs) -> Pairs:
    """A parameter is cut in two at an `&` in its value, or at an `=`."""
    at = draw(st.integers(0, len(pairs) - 1))
    name, value = pairs[at]
    first, _, rest = value.partition(b"&")
    cut_name, _, cut_value = rest.partition(b"=")
    return [*pairs[:at], (name, first), (cut_name or b"x", cut_value), *pairs[at + 1 :]]


def _resign(draw: Draw, pairs: Pairs) -> Pairs:
    """Another signature: of the other app's key, of SHA-1, of less, or written in another way."""
    values = dict(pairs)
    signature = values.pop(b"sign", b"")
    strings = {name.decode("latin-1"): value.decode("latin-1") for name, value in values.items()}
    foreign = other_alipay().sign(strings, "latin-1").parameters["sign"].encode()
    weak = sign({**values, b"sign_type": b"RSA"}, draw(st.sampled_from(Convention)), rsa1=True)
    kept = draw(st.sets(st.sampled_from(sorted(values) or [b""])))
    less = sign({name: values[name] for name in kept & values.keys()}, Convention.V2)
    spelt = [signature.replace(b"+", b"-").replace(b"/", b"_"), signature.rstrip(b"="), signature + b"\n", b""]
    chosen = draw(st.sampled_from([foreign, weak, weak, less, *spelt, b"AAAA" + signature]))
    kind = b"RSA" if chosen == weak else values.get(b"sign_type", b"RSA2")
    return [*{**values, b"sign_type": kind}.items(), (b"sign", chosen)]


CHANGES: list[Callable[[Draw, Pairs], Pairs]] = [
    *(_flip, _drop, _add, _rename, _swap, _cut),
    *(_absorb, _absorb, _absorb, _resign, _resign, _resign),
]


@given(data=st.data(), seed=inputs.seeds)
def forged(data: st.DataObject, seed: int) -> None:
    """A genuine notification that was changed is refused, or the change is none and the very same event goes out."""
    genuine, event = data.draw(st.sampled_from(genuine_pool()))
    pairs = genuine
    for change in data.draw(st.lists(st.sampled_from(CHANGES), max_size=3)):
        if pairs:
            pairs = change(data.draw, pairs)
    spell, carry = data.draw(inputs.spellings), data.draw(st.sampled_from(DOUBLES))
    whole = inputs.form_of(genuine, spell)
    for part in inputs.neighbours(inputs.form_of(pairs, spell), seed):
        with telling(part):
            delivery = gateway().deliver(carry(part, whole))
            check_reply(delivery)
            if delivery.body == "success":
                assert [message["Message"] for message in delivery.published] == [event]
            else:
                # With the border of a ciphertext moved, the signature is genuine still, and the ciphertext is none.
                assert delivery.status < 500 or delivery.line["reason"] == "cannot_decrypt"


#: Ways to bring a forged part beside a genuine one.
DOUBLES: list[Callable[[bytes, bytes], dict[str, Any]]] = [
    lambda part, _: inputs.body_event(part),
    lambda part, whole: inputs.body_event(part, whole.decode()),
    lambda part, whole: inputs.body_event(whole, part.decode("latin-1")),
    lambda part, whole: inputs.body_event(part + b"&" + whole),
    lambda part, whole: inputs.body_event(whole + b"&" + part),
]


@given(
    parameters=odd_parameters(),
    seed=inputs.seeds,
    convention=st.sampled_from(Convention),
    spell=inputs.spellings,
    carry=inputs.carriers,
)
def genuine(parameters: dict[bytes, bytes], seed: int, convention: Convention, spell: Spell, carry: Carry) -> None:
    """What Alipay signed gets a documented reply; `success` only with an event that says to the letter what it says."""
    for variant in changed_parameters(parameters, seed):
        sign_type = variant.get(b"sign_type", b"").upper()
        pairs = [*variant.items(), (b"sign", sign(variant, convention, rsa1=sign_type == b"RSA"))]
        with telling(repr(variant).encode()):
            delivery = gateway().deliver(carry(inputs.form_of(pairs, spell)))
            check_reply(delivery)
            assert delivery.line["reason"] != "bad_signature"
            if delivery.body == "success":
                assert sign_type == b"RSA2"
                (message,) = delivery.published
                check_event(message["Message"], variant)
                oracles.check_attributes(message["MessageAttributes"])
                assert _size(message) <= SNS_BYTES


def _size(message: Mapping[str, Any]) -> int:
    attributes = message["MessageAttributes"].items()
    return len(message["Message"].encode()) + sum(len((n + "".join(a.values())).encode()) for n, a in attributes)


@given(
    common=st.fixed_dictionaries(_ordinary),
    content=inputs.json_texts | inputs.tame,
    charset=st.sampled_from(["UTF-8", "GBK"]),
    convention=st.sampled_from(Convention),
    spell=inputs.spellings,
    carry=inputs.carriers,
    encrypted=st.booleans(),
)
def ordinary(
    common: dict[str, str],
    content: str,
    charset: str,
    convention: Convention,
    spell: Spell,
    carry: Carry,
    *,
    encrypted: bool,
) -> None:
    """Alipay's own notifications are published, whatever JSON or text they carry, encrypted or not."""
    codec = "utf-8" if charset == "UTF-8" else "gb18030"
    values = {name: value.encode(codec) for name, value in {**common, "charset": charset}.items()}
    values["biz_content"] = content.encode(codec)
    if encrypted and oracles.is_json(content):
        values["biz_content"] = encrypt(values["biz_content"], str(alipay().aes_key)).encode()
        values["encrypt_type"] = b"AES"
    parameters = {name.encode(): value for name, value in values.items()}
    pairs = [*parameters.items(), (b"sign", sign(parameters, convention))]
    delivery = gateway().deliver(carry(inputs.form_of(pairs, spell)))
    assert (delivery.body, delivery.line["reason"]) == ("success", "")
    check_event(delivery.published[0]["Message"], parameters)


TARGETS: dict[str, Callable[[], None]] = {
    tries.__name__: tries
    for tries in (
        *(parser, escapes, events, charset, grammar, decryption, notification),
        *(unsigned, forged, genuine, ordinary, strange, shapeless),
    )
}
