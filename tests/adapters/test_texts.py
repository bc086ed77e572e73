"""Text messages and push through apprise, to a real server of ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from app.adapters.texts import TextNotSent, TextRefused, send_push, send_sms

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Provider(ThreadingHTTPServer):
    """Keeps (path, message) of what is posted, or answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.taken: list[tuple[str, dict[str, str]]] = []
        self.status = 200

    def url(self, path: str) -> str:
        return f"json://anna:p4ssw0rd@127.0.0.1:{self.server_port}/{path}"


class _Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((self.path, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_text_message_reaches_the_provider_with_its_number(app, set_setting, provider: Provider) -> None:
    set_setting(sms_url=provider.url("sms/{phone}"))
    send_sms("+447700900123", 'Booked: "Tom & Jerry" <3')
    ((path, message),) = provider.taken
    assert path == "/sms/+447700900123"
    assert message["message"] == 'Booked: "Tom & Jerry" <3'


def test_a_push_message_reaches_its_topic_with_a_title(app, set_setting, provider: Provider) -> None:
    set_setting(push_url=provider.url("topic/{topic}"))
    send_push("tickets-abc", "Soon", "Metropolis begins at 19:30.")
    ((path, message),) = provider.taken
    assert path == "/topic/tickets-abc"
    assert (message["title"], message["message"]) == ("Soon", "Metropolis begins at 19:30.")


@pytest.mark.parametrize("typed", ["../../admin", "1?x=y&to=all", "1#", "1/2", "{topic}", "a@evil.example", "%2F"])
def test_what_is_put_into_the_address_stays_one_part_of_it(app, set_setting, provider: Provider, typed: str) -> None:
    """What is sent to is checked before (mobile_number, push_topic); this is the second line."""
    set_setting(sms_url=provider.url("sms/{phone}/end"))
    send_sms(typed, "words")
    ((path, _),) = provider.taken
    assert unquote(path) == f"/sms/{typed}/end"
    assert path.count("/") == 3


def test_a_provider_that_says_no_is_asked_later_and_its_words_are_kept(app, set_setting, provider: Provider) -> None:
    provider.status = 503
    set_setting(sms_url=provider.url("sms/{phone}"))
    with pytest.raises(TextNotSent, match="503") as told:
        send_sms("+447700900123", "words")
    assert not told.value.permanent
    assert "p4ssw0rd" not in str(told.value)


def test_no_provider_at_all_is_asked_later(app, set_setting) -> None:
    set_setting(push_url="json://127.0.0.1:1/{topic}")
    with pytest.raises(TextNotSent) as told:
        send_push("tickets-abc", "Soon", "words")
    assert str(told.value)
    assert not told.value.permanent


def test_an_address_that_is_none_is_refused_without_showing_its_password(app, set_setting) -> None:
    set_setting(sms_url="nonsense://anna:p4ssw0rd@{phone}")
    with pytest.raises(TextRefused, match="SMS_URL") as told:
        send_sms("+447700900123", "words")
    assert told.value.permanent
    assert "p4ssw0rd" not in str(told.value)
