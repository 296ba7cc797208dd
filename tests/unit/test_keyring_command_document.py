"""What the keyring command makes of a document, and what it leaves as it was written."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alipay_gateway.keys import AppKeys
from local.alipay import SimulatedAlipay
from local.keyring import changes
from local.keyring.document import Document, Refusal, members
from local.keyring.names import aes_name, identity
from tests.support.keyring_command import AES_KEYS

ALIPAYS = [SimulatedAlipay.generate(1024) for _ in range(3)]
KEYS = [*(alipay.public_key for alipay in ALIPAYS), ALIPAYS[0].with_certificate().certificate or ""]

# Values that Python reads, and would not write again as they stand.
ODD = [
    pytest.param("1.10", id="a trailing nought"),
    pytest.param("1e999", id="a number out of reach"),
    pytest.param("-0", id="minus nought"),
    pytest.param("123456789012345678901234567890.5", id="more digits than a float has"),
    pytest.param(r'"\u652f\/\u4ed8"', id="escapes"),
    pytest.param('"支付宝"', id="Chinese"),
    pytest.param(r'"\ud800"', id="half a character"),
    pytest.param("[ 1 ,\t2 , {} ]", id="white space"),
    pytest.param('{"b": 1, "a": {"}": "{"}}', id="braces in strings"),
    pytest.param("NaN", id="NaN"),
]


def document(*apps: str) -> Document:
    return Document("{" + ",".join(apps) + "}")


def entry(key: str, more: str = "") -> str:
    return f'{{"alipay_public_keys": ["{key}"]{more}}}'


@pytest.mark.parametrize("value", ODD)
def test_what_the_function_does_not_read_stays_to_the_letter(value: str) -> None:
    app = f'"7": {{"owner": {value}, "alipay_public_keys": ["{KEYS[0]}"], "\\u006fther": {value}}}'
    before = document(f'"broken": {value}', app, f'"last": {{"x": {value}}}')

    after = changes.add_key(before, "7", key=KEYS[1]).after
    assert after
    assert list(after.entries) == ["broken", "7", "last"]
    assert [after.entries[name] for name in ("broken", "last")] == [before.entries[name] for name in ("broken", "last")]
    inside = members(after.entries["7"].value)
    assert list(inside) == ["owner", "alipay_public_keys", "other"]
    assert (inside["owner"].value, inside["other"].name, inside["other"].value) == (value, '"\\u006fther"', value)


@pytest.mark.parametrize("text", ["{}", " {\n} ", '{"a":{}}', '\t{ "a" :\r\n {"b" : [ ] } , "c":1 }\n'])
def test_members_are_found_in_any_white_space(text: str) -> None:
    assert {name: json.loads(piece.value) for name, piece in members(text).items()} == json.loads(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "not JSON", id="nothing"),
        pytest.param("keyring", "not JSON", id="a word"),
        pytest.param("[]", "not a JSON object", id="a list"),
        pytest.param('{"7": {}, "7": {}}', "twice", id="an app twice"),
        pytest.param('{"7": {}, "\\u0037": {}}', "twice", id="an app twice, once in escapes"),
        pytest.param("\ufeff{}", "not JSON", id="a byte order mark"),
        pytest.param('{"7": ' + "[" * 100_000, "not JSON", id="too deep"),
    ],
)
def test_what_is_no_keyring_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        Document(text)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param("null", "broken beyond", id="not an object"),
        pytest.param('{"alipay_public_keys": "MII"}', "broken beyond", id="no list"),
        pytest.param('{"alipay_public_keys": [7]}', "broken beyond", id="no strings"),
        pytest.param('{"alipay_public_keys": ["junk"]}', "would be broken: alipay_public_keys", id="junk for a key"),
        pytest.param('{"aes_keys": ["junk"]}', "would be broken: aes_keys", id="junk for an AES key"),
        pytest.param('{"sign_types": ["MD5"]}', "would be broken: sign_types", id="an unknown sign_type"),
    ],
)
def test_an_entry_that_stays_broken_is_not_written(broken: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        changes.add_key(document(f'"7": {broken}'), "7", key=KEYS[0])


@pytest.mark.parametrize("broken", ["{}", '{"alipay_public_keys": []}', '{"note": "a key is to come"}'])
def test_an_entry_is_mended_by_the_key_that_it_lacks(broken: str) -> None:
    after = changes.add_key(document(f'"7": {broken}'), "7", key=KEYS[0]).after
    assert after
    assert isinstance(after.apps["7"], AppKeys)


def test_the_name_of_an_aes_key_is_not_a_plain_hash_of_it() -> None:
    names = {aes_name(bytes(size)) for size in (16, 24, 32)}
    assert len(names) == 3
    assert names & {sha256(bytes(size)).hexdigest()[:8] for size in (16, 24, 32)} == set()


# ---- any sequence of commands

NOTE = ', "note": 1e999'
APPS = ["7", "支付宝", 'quo"te\\']
COMMANDS = st.one_of(
    st.tuples(st.just("add_app"), st.fixed_dictionaries({
        "key": st.sampled_from(KEYS),
        "aes_keys": st.lists(st.sampled_from([*AES_KEYS.values(), "junk"]), max_size=2),
        "sign_types": st.lists(st.sampled_from(["RSA", "RSA2"]), max_size=2),
    })),
    st.tuples(st.just("add_key"), st.fixed_dictionaries({"key": st.sampled_from([*KEYS, "junk"])})),
    st.tuples(st.just("retire_key"), st.fixed_dictionaries(
        {"name": st.sampled_from([name.upper() for key in KEYS for name in identity(key) if name])}
    )),
    st.tuples(st.just("add_aes_key"), st.fixed_dictionaries(
        {"aes_key": st.sampled_from([*AES_KEYS.values(), "junk"])}
    )),
    st.tuples(st.just("retire_aes_key"), st.fixed_dictionaries(
        {"name": st.sampled_from([aes_name(bytes(range(size, 2 * size))) for size in AES_KEYS])}
    )),
    st.tuples(st.just("allow"), st.fixed_dictionaries({"sign_type": st.sampled_from(["RSA", "RSA2"])})),
    st.tuples(st.just("disallow"), st.fixed_dictionaries({"sign_type": st.sampled_from(["RSA", "RSA2"])})),
    st.tuples(st.just("remove_app"), st.just({})),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(APPS), COMMANDS), max_size=25))
def test_any_sequence_of_commands_leaves_the_apps_it_touched_in_order_and_all_else_alone(
    commands: list[tuple[str, tuple[str, dict[str, str]]]],
) -> None:
    stranger = '{"owner" : 1.10,"alipay_public_keys" : [ "junk" ]}'
    now = document(f'"broken": {stranger}', f'"7": {entry(KEYS[2], NOTE)}')
    noted = True  # until the app is removed, its note stays
    for app_id, (name, inputs) in commands:
        try:
            change = getattr(changes, name)(now, app_id, **inputs)
        except Refusal:
            continue
        before, now = now, change.after or now
        assert [piece for other, piece in now.entries.items() if other != app_id] == [
            piece for other, piece in before.entries.items() if other != app_id
        ]
        noted = noted and (app_id, name) != ("7", "remove_app")
        assert all(isinstance(now.apps[app], AppKeys) for app in APPS if app in now.apps)
        if noted:
            assert members(now.entries["7"].value)["note"].value == "1e999"
    assert now.entries["broken"].value == stranger
