"""Marks: words that name a state of facts, so that whoever changes them can say which they saw."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any


def mark(facts: Mapping[str, Any]) -> str:
    """The word for these facts; other facts have another one. An instant is the same in any zone."""
    said = {
        name: value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for name, value in facts.items()
    }
    return hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()[:16]
