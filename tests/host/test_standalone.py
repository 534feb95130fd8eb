"""Our own server: who may come in, what it lists, and what stands in the head of its page."""

import pytest

from dreambooth.config.store import ConfigError
from dreambooth.host.head import HeadWriter
from dreambooth.host.standalone import Standalone, parse_listening
from tests.host.loops import run_apart


def test_it_listens_to_this_machine_alone():
    assert parse_listening(7861, "", to_all=False).address == "127.0.0.1"


def test_listening_to_all_needs_a_password():
    with pytest.raises(ConfigError, match="--auth"):
        parse_listening(7861, "", to_all=True)


@pytest.mark.parametrize("auth", ["ann", "ann:", ":secret"])
def test_half_a_login_is_refused(auth):
    with pytest.raises(ConfigError, match="user:password"):
        parse_listening(7861, auth, to_all=False)


def test_only_the_right_password_lets_in():
    listening = parse_listening(7861, "ann:a:b", to_all=True)
    assert listening.is_known("ann", "a:b")
    assert not listening.is_known("ann", "a")
    assert not listening.is_known("bob", "a:b")


def test_sources_are_the_checkpoints_of_the_folder(tmp_path):
    folder = tmp_path / "models" / "Stable-diffusion" / "mine"
    folder.mkdir(parents=True)
    for name in ("one.safetensors", "two.ckpt", "notes.txt"):
        (folder / name).touch()
    labels = [source.label for source in Standalone(tmp_path).sources()]
    assert [label.replace("\\", "/") for label in labels] == ["mine/one.safetensors", "mine/two.ckpt"]


def answer_of(body: bytes, kind: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """What HeadWriter makes of an answer in two pieces."""
    sent = []

    async def app(_scope, _receive, send):
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:9], "more_body": True})
        await send({"type": "http.response.body", "body": body[9:]})

    async def send(message):
        sent.append(message)

    writer = HeadWriter(app, "<script></script>")
    run_apart(lambda: writer({"type": "http", "headers": [(b"accept-encoding", b"br")]}, None, send))
    return dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def test_page_gets_our_tags_and_its_new_length():
    headers, body = answer_of(b"<html><head><title>x</title></head></html>", b"text/html; charset=utf-8")
    assert body == b"<html><head><title>x</title><script></script></head></html>"
    assert headers[b"content-length"] == str(len(body)).encode()


def test_other_answers_pass_as_they_are():
    _, body = answer_of(b'{"a": "</head> of something"}', b"application/json")
    assert body == b'{"a": "</head> of something"}'
