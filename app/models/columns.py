"""Column shapes that many tables share: big integer keys, instants, state columns with their CHECK."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, Identity, String, Text
from sqlalchemy.orm import mapped_column

from app.db import UTCDateTime
from app.domain.demand import LEAST, MOST

big = Annotated[int, mapped_column(BigInteger)]
serial = Annotated[int, mapped_column(BigInteger, Identity(always=False))]
instant = Annotated[dt.datetime, mapped_column(UTCDateTime)]
text = Annotated[str, mapped_column(Text)]
short = Annotated[str, mapped_column(String(100))]
currency = Annotated[str, mapped_column(String(3))]


def one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    """CHECK that a column holds one of the enum's values."""
    values = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")


def demand() -> CheckConstraint:
    """CHECK of what demand does to prices: within bounds, in steps, and with its reason where it does anything."""
    return CheckConstraint(
        f"demand_percent BETWEEN {LEAST} AND {MOST} AND demand_step > 0 AND (demand_percent = 0) = (demand_reason = '')",
        name="demand_sane",
    )
