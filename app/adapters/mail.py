"""Mail out of the house: letters made into messages, and sent by SMTP or written into files. Words are templates'."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import SplitResult, unquote, urlsplit

import idna
from flask import current_app

from app import clock
from app.config import Settings, settings
from app.domain.text import tidy

SUBMISSION_PORT, TLS_PORT = 587, 465
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailNotSent(Exception):
    """The mail did not go out; trying again later may help."""

    permanent = False


class MailRefused(MailNotSent):
    """The mail server said no for good (5xx), or the address is none: trying again won't help."""

    permanent = True


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person. `key` is the same at every attempt: who gets it twice can tell by its Message-ID."""

    key: str
    to: str
    name: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


def compose(letter: Letter, sender: str, host: str) -> EmailMessage:
    """The message, headers safe whatever people typed. Raises MailRefused for an address that is none."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = tidy(letter.subject)
    message["From"] = _address(*parseaddr(sender))
    message["To"] = _address(letter.name, letter.to)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{letter.key}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for part in letter.attachments:
        maintype, _, subtype = part.mime_type.partition("/")
        message.add_attachment(part.content, maintype=maintype, subtype=subtype, filename=part.filename)
    return message


def _address(name: str, address: str) -> Address:
    """A domain goes in its ASCII spelling, which every server takes; a name before the @ has no such spelling."""
    local, _, domain = address.rpartition("@")
    try:
        if not domain.isascii():
            domain = idna.encode(domain, uts46=True).decode()
        if not local.isascii() and local.isprintable():
            Address(addr_spec=f"x@{domain}")
            return Address(display_name=tidy(name), username=local, domain=domain)
        return Address(display_name=tidy(name), addr_spec=f"{local}@{domain}")
    except (ValueError, IndexError, MessageError) as problem:  # the parser fails in all of these ways
        raise MailRefused("this is no e-mail address") from problem


class Outgoing(Protocol):
    """A way out. Raises MailNotSent, or MailRefused where trying again is useless."""

    def send(self, message: EmailMessage) -> None: ...


@dataclass(frozen=True, slots=True)
class SmtpOutgoing:
    """One connection per mail to `smtp://user:password@host:587` (STARTTLS when offered) or `smtps://…:465`."""

    url: str
    timeout_seconds: float
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def send(self, message: EmailMessage) -> None:
        with _failures_named(), self._connected() as client:
            client.send_message(message)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        url = urlsplit(self.url)
        with self._open(url) as client:
            client.ehlo()
            safe = url.scheme == "smtps"
            if not safe and client.has_extn("starttls"):
                client.starttls(context=self.context())
                client.ehlo()
                safe = True
            if url.username:
                if not safe and url.hostname not in LOOPBACK:
                    raise MailNotSent("the mail server offers no encryption, so it gets no password")
                client.login(unquote(url.username), unquote(url.password or ""))
            yield client

    def _open(self, url: SplitResult) -> smtplib.SMTP:
        host = url.hostname or "localhost"
        if url.scheme == "smtps":
            port = url.port or TLS_PORT
            return smtplib.SMTP_SSL(host, port, timeout=self.timeout_seconds, context=self.context())
        return smtplib.SMTP(host, url.port or SUBMISSION_PORT, timeout=self.timeout_seconds)


@contextmanager
def _failures_named() -> Iterator[None]:
    """smtplib's and the socket's errors as ours. A wrong password is our mistake, not the mail's: it can be mended."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as problem:
        code, words = next(iter(problem.recipients.values()))
        raise _failure(code, words) from problem
    except smtplib.SMTPAuthenticationError as problem:
        raise MailNotSent("the mail server does not take our name and password") from problem
    except smtplib.SMTPResponseException as problem:
        raise _failure(problem.smtp_code, problem.smtp_error) from problem
    except smtplib.SMTPNotSupportedError as problem:
        raise MailRefused(f"the mail server can't take this address: {problem}") from problem
    except (smtplib.SMTPException, OSError) as problem:
        raise MailNotSent(f"{type(problem).__name__}: {problem}") from problem


def _failure(code: int, words: bytes | str) -> MailNotSent:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    kind = MailRefused if 500 <= code < 600 else MailNotSent
    return kind(f"{code} {said}")


@dataclass(frozen=True, slots=True)
class FileOutgoing:
    """Development without a mail server: each mail is one .eml file, named after its Message-ID."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{message['Message-ID'].strip('<>').partition('@')[0]}.eml"
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_bytes(message.as_bytes())
        draft.replace(path)


@dataclass(slots=True)
class FakeOutgoing:
    """For tests: keeps what it is given; `trouble` is raised once each, in order, before anything is kept."""

    sent: list[EmailMessage] = field(default_factory=list)
    trouble: list[MailNotSent] = field(default_factory=list)

    def send(self, message: EmailMessage) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.sent.append(message)


EXTENSION = "marquee_outgoing"


def outgoing() -> Outgoing:
    """The way out that the settings name; tests put another one into the application's extensions."""
    chosen = current_app.extensions.get(EXTENSION)
    return cast(Outgoing, chosen) if chosen else outgoing_of(settings)


def outgoing_of(chosen: Settings) -> Outgoing:
    if chosen.smtp_url:
        return SmtpOutgoing(chosen.smtp_url, chosen.mail_timeout_seconds)
    return FileOutgoing(mail_folder(chosen))


def mail_folder(chosen: Settings) -> Path:
    """Where mails go when there is no mail server."""
    return chosen.var_dir / "mail"


def send(letter: Letter) -> None:
    """Compose and send one letter. Raises MailNotSent or MailRefused."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    outgoing().send(compose(letter, settings.mail_from, host))
