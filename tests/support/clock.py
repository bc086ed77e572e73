"""The application's clock in a test's hand."""

from __future__ import annotations

import datetime as dt

import pytest

from app import clock


class MovedClock:
    """Stands where it is put, or runs with an offset."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = clock.now
        self._ticks = clock.ticks
        self._offset = dt.timedelta()
        self._fixed: dt.datetime | None = None
        monkeypatch.setattr(clock, "now", self.now)
        monkeypatch.setattr(clock, "ticks", lambda: self._ticks() + self._offset.total_seconds())

    def now(self) -> dt.datetime:
        return (self._fixed or self._real()) + self._offset

    def forward(self, **span: float) -> None:
        """Move on: forward(minutes=11)."""
        self._offset += dt.timedelta(**span)

    def stop_at(self, instant: dt.datetime) -> None:
        """Stand still at an instant (aware)."""
        self._fixed, self._offset = instant, dt.timedelta()
