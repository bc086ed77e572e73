"""Mail over a real SMTP server that also refuses, stalls and drops; and into files."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.adapters.mail import (
    Attachment,
    FakeOutgoing,
    FileOutgoing,
    Letter,
    MailNotSent,
    MailRefused,
    Outgoing,
    SmtpOutgoing,
    compose,
    outgoing_of,
)
from app.embedded.process import free_port

LETTER = Letter(
    key="confirmation.7.42",
    to="ada@example.org",
    name="Ada Byron",
    subject="Your tickets: Le Voyage dans la Lune, Sat 21 Nov 19:30",
    text="Grüße,\nyour tickets.\n",
    html="<p>Grüße, your tickets.</p>",
    attachments=(
        Attachment("tickets.pdf", "application/pdf", b"%PDF-1.7 not really"),
        Attachment("visit.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
    ),
)
SENDER = "Marquee <tickets@example.org>"


def a_message(**changes: Any):
    return compose(replace(LETTER, **changes), SENDER, "tickets.example.org")


class PostOffice:
    """aiosmtpd's handler: keeps mail, or answers what the test wants."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answers: dict[str, str] = {}

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append((session, envelope))
        return "250 taken"

    def letters(self):
        return [message_from_bytes(envelope.content, policy=default) for _, envelope in self.taken]


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


def opened(office: PostOffice, **options: Any) -> Iterator[str]:
    controller = Controller(office, hostname="127.0.0.1", port=free_port(None), **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@pytest.fixture
def server(office: PostOffice) -> Iterator[str]:
    yield from opened(office)


def by_smtp(server: str, timeout: float = 5) -> SmtpOutgoing:
    return SmtpOutgoing(f"smtp://{server}", timeout)


def test_a_letter_arrives_whole(server: str, office: PostOffice) -> None:
    by_smtp(server).send(a_message())
    (letter,) = office.letters()
    assert letter["To"] == "Ada Byron <ada@example.org>"
    assert letter["From"] == SENDER
    assert letter["Subject"] == LETTER.subject
    assert letter["Message-ID"] == "<confirmation.7.42@tickets.example.org>"
    assert letter.get_body(("plain",)).get_content().replace("\r", "") == LETTER.text
    assert letter.get_body(("html",)).get_content().strip() == LETTER.html
    parts = {part.get_filename(): part for part in letter.iter_attachments()}
    assert parts["tickets.pdf"].get_content() == LETTER.attachments[0].content
    assert parts["visit.ics"].get_content_type() == "text/calendar"


def test_the_date_is_that_of_our_clock(moved_clock) -> None:
    moved_clock.stop_at(dt.datetime(2026, 11, 20, 18, 5, tzinfo=dt.UTC))
    assert a_message()["Date"] == "Fri, 20 Nov 2026 18:05:00 +0000"


def test_a_second_attempt_carries_the_same_message_id() -> None:
    assert a_message()["Message-ID"] == a_message()["Message-ID"]
    assert a_message(key="confirmation.7.43")["Message-ID"] != a_message()["Message-ID"]


@pytest.mark.parametrize("field", ["name", "subject"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x00"])
def test_nothing_typed_becomes_a_header(server: str, office: PostOffice, field: str, end: str) -> None:
    by_smtp(server).send(a_message(**{field: f"Ada{end}Bcc: all@example.org{end}{end}hello"}))
    (letter,) = office.letters()
    assert letter["Bcc"] is None
    assert office.taken[0][1].rcpt_tos == ["ada@example.org"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b.example\r\nBcc: all@example.org",
        "a@b.example, c@d.example",
        "a b@c.example",
        "é@",
        "é\n@c.example",
        "a@\u2028ü.example",
        "@",
        "<>",
        "a@",
    ],
)
def test_an_address_that_is_none_is_refused_for_good(address: str) -> None:
    with pytest.raises(MailRefused):
        a_message(to=address)


@pytest.mark.parametrize("name", ["Zoë Ångström", "黒澤 明", "محمد", '"); DROP', "a, b <c@d.example>", ""])
def test_any_name_goes_into_the_address_line(server: str, office: PostOffice, name: str) -> None:
    by_smtp(server).send(a_message(name=name))
    (address,) = office.letters()[0]["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "ada@example.org")


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_says_no_is_believed(server: str, office: PostOffice, step: str) -> None:
    office.answers[step] = "550 5.1.1 no such box"
    with pytest.raises(MailRefused, match="550"):
        by_smtp(server).send(a_message())


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_says_later_is_asked_later(server: str, office: PostOffice, step: str) -> None:
    office.answers[step] = "451 4.7.1 greylisted"
    with pytest.raises(MailNotSent, match="451") as told:
        by_smtp(server).send(a_message())
    assert not told.value.permanent


@pytest.fixture
def silent_port() -> Iterator[str]:
    """A server that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_stalls_costs_the_timeout_and_no_more(silent_port: str) -> None:
    with pytest.raises(MailNotSent) as told:
        by_smtp(silent_port, timeout=0.2).send(a_message())
    assert not told.value.permanent


@pytest.fixture
def dropping_port() -> Iterator[str]:
    """A server that greets and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 hello\r\n")

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_server_that_hangs_up_is_asked_later(dropping_port: str) -> None:
    with pytest.raises(MailNotSent) as told:
        by_smtp(dropping_port).send(a_message())
    assert not told.value.permanent


def test_no_server_at_all_is_asked_later() -> None:
    with pytest.raises(MailNotSent) as told:
        by_smtp(f"127.0.0.1:{free_port(None)}").send(a_message())
    assert not told.value.permanent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    import ipaddress

    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def let_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = (data.login, data.password) == (b"marquee", b"p@ss/word")
    return AuthResult(success=right, handled=False)


@pytest.fixture
def tls_server(office: PostOffice, certificate: Path) -> Iterator[str]:
    tls = server_tls(certificate)
    yield from opened(office, tls_context=tls, authenticator=let_in, auth_require_tls=True)


def trusting(certificate: Path):
    return lambda: ssl.create_default_context(cafile=str(certificate))


def test_starttls_is_used_when_offered_and_the_password_is_decoded(
    tls_server: str, office: PostOffice, certificate: Path
) -> None:
    SmtpOutgoing(f"smtp://marquee:p%40ss%2Fword@{tls_server}", 5, trusting(certificate)).send(a_message())
    session, _ = office.taken[0]
    assert session.ssl is not None
    assert session.authenticated


def test_a_certificate_nobody_vouches_for_is_not_trusted(tls_server: str, office: PostOffice) -> None:
    with pytest.raises(MailNotSent):
        SmtpOutgoing(f"smtp://marquee:p%40ss%2Fword@{tls_server}", 5).send(a_message())
    assert office.taken == []


def test_a_wrong_password_is_ours_to_mend_and_not_the_mails_fault(tls_server: str, certificate: Path) -> None:
    with pytest.raises(MailNotSent, match="password") as told:
        SmtpOutgoing(f"smtp://marquee:wrong@{tls_server}", 5, trusting(certificate)).send(a_message())
    assert not told.value.permanent


def test_smtps_speaks_tls_from_the_first_byte(office: PostOffice, certificate: Path) -> None:
    for address in opened(office, ssl_context=server_tls(certificate)):
        SmtpOutgoing(f"smtps://{address}", 5, trusting(certificate)).send(a_message())
    assert len(office.taken) == 1


def test_no_password_goes_over_an_open_line(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setattr("app.adapters.mail.LOOPBACK", ())
    with pytest.raises(MailNotSent, match="encryption"):
        SmtpOutgoing(f"smtp://marquee:secret@{server}", 5).send(a_message())


def test_without_a_server_each_mail_is_one_file(tmp_path: Path) -> None:
    out = FileOutgoing(tmp_path / "mail")
    for _ in range(2):
        out.send(a_message())
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == "confirmation.7.42.eml"
    letter = message_from_bytes(path.read_bytes(), policy=default)
    assert letter["To"] == "Ada Byron <ada@example.org>"
    assert [part.get_filename() for part in letter.iter_attachments()] == ["tickets.pdf", "visit.ics"]


def test_the_settings_choose_the_way_out(settings) -> None:
    way: Outgoing = outgoing_of(settings)
    assert way == FileOutgoing(settings.var_dir / "mail")
    url = "smtps://mail.example.org"
    assert outgoing_of(replace(settings, smtp_url=url)) == SmtpOutgoing(url, settings.mail_timeout_seconds)


def test_the_fake_fails_as_often_as_it_is_told() -> None:
    fake = FakeOutgoing(trouble=[MailNotSent("down")])
    with pytest.raises(MailNotSent):
        fake.send(a_message())
    fake.send(a_message())
    assert len(fake.sent) == 1


def test_an_address_beyond_ascii_goes_to_a_server_that_spells_it(server: str, office: PostOffice) -> None:
    by_smtp(server).send(a_message(to="zoë@example.org"))
    assert office.taken[0][1].rcpt_tos == ["zoë@example.org"]


def test_an_address_the_server_cant_spell_is_refused_for_good(office: PostOffice) -> None:
    for address in opened(office, enable_SMTPUTF8=False):
        with pytest.raises(MailRefused, match="address"):
            by_smtp(address).send(a_message(to="zoë@example.org"))


def test_a_domain_beyond_ascii_is_spelled_in_ascii(server: str, office: PostOffice) -> None:
    by_smtp(server).send(a_message(to="ada@kino-münchen.example"))
    assert office.taken[0][1].rcpt_tos == ["ada@xn--kino-mnchen-yhb.example"]
