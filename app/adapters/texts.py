"""Text messages and push by apprise: one address per provider in the settings, with a place for whom it goes to.

Only the worker loads apprise, and only when it sends: it is 25 MB that no web process needs.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

from app.config import settings

_STAMP = re.compile(r"^\S+ \S+ - [A-Z]+ - ", re.MULTILINE)


class TextNotSent(Exception):
    """The provider did not take it; trying again later may help."""

    permanent = False


class TextRefused(TextNotSent):
    """The setting is no address that can be sent to: trying again won't help."""

    permanent = True


def send_sms(phone: str, words: str) -> None:
    """One text message. Raises TextNotSent, TextRefused."""
    _send(settings.sms_url.replace("{phone}", quote(phone, safe="")), "", words)


def send_push(topic: str, title: str, words: str) -> None:
    """One push message to whoever listens to the topic. Raises TextNotSent, TextRefused."""
    _send(settings.push_url.replace("{topic}", quote(topic, safe="")), title, words)


def _send(address: str, title: str, words: str) -> None:
    from apprise import Apprise, LogCapture, NotifyFormat

    way = Apprise()
    if not way.add(address):
        # Not with apprise's own words: they hold the address, and that holds the account's password.
        raise TextRefused("this is no address that apprise knows: look at SMS_URL and PUSH_URL")
    with LogCapture(level=logging.WARNING) as said:
        taken = way.notify(body=words, title=title, body_format=NotifyFormat.TEXT)
        reason = _STAMP.sub("", said.getvalue()).strip()
    if not taken:
        raise TextNotSent(reason or "the provider gave no reason")
