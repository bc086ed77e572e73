"""How a row's state moves: along domain/states.py only, leaving a state_changes row in the same transaction."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, ClassVar

from app.db import db
from app.domain.states import check_move
from app.models.log import StateChange


class Moves:
    """A row with a state that only moves along domain/states.py, leaving a state_changes row at each step."""

    SUBJECT: ClassVar[str]
    STATES: ClassVar[type[StrEnum]]
    state: Any
    id: Any

    def move_to(self, state: StrEnum, at: dt.datetime, actor: str) -> bool:
        """Move and log; False if it was there already. Raises IllegalMove where no arrow leads."""
        before = self.STATES(self.state)
        if not check_move(before, state):
            return False
        self.state = state.value
        self._log(before.value, at, actor)
        return True

    def log_birth(self, at: dt.datetime, actor: str) -> None:
        """Log the state it came into being with; call it after the flush that gave the id."""
        self._log(None, at, actor)

    def _log(self, before: str | None, at: dt.datetime, actor: str) -> None:
        db.session.add(
            StateChange(
                show_id=self.id if self.SUBJECT == "show" else getattr(self, "show_id", 0),
                subject=self.SUBJECT,
                subject_id=self.id,
                before=before,
                after=self.state,
                at=at,
                actor=actor,
            )
        )
