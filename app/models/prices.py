"""Which price list new shows get: a cinema's rules in order, and the list for what no rule fits."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Time,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class PricePlan(Base):
    """How a cinema picks price lists. Its row is what everybody locks who changes lists or rules of the cinema."""

    __tablename__ = "price_plans"
    __table_args__ = (
        ForeignKeyConstraint(["cinema_id", "default_list_id"], ["price_lists.cinema_id", "price_lists.id"]),
    )

    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"), primary_key=True, autoincrement=False)
    default_list_id: Mapped[c.big | None]
    """For what no rule fits. Without one a cinema's only list serves."""
    revision: Mapped[c.big] = mapped_column(server_default="0")
    """Rises by one with each change of the rules: who sends an older one has not seen the last."""


class PriceRule(Base):
    """A price list for shows that begin on some days at some time. Of a cinema's rules the first that fits counts."""

    __tablename__ = "price_rules"
    __table_args__ = (
        ForeignKeyConstraint(["cinema_id", "price_list_id"], ["price_lists.cinema_id", "price_lists.id"]),
        UniqueConstraint("cinema_id", "position", deferrable=True, initially="DEFERRED"),
        CheckConstraint(
            "cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]", name="weekdays_known"
        ),
        CheckConstraint("from_time <> until_time", name="takes_time"),
        CheckConstraint("first_day <= last_day", name="days_in_order"),
        Index("ix_price_rules_price_list_id", "price_list_id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    """The lowest is asked first."""
    price_list_id: Mapped[c.big]
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    """Monday is 1, Sunday 7; of a time that goes over midnight, the day on which it begins."""
    from_time: Mapped[dt.time | None] = mapped_column(Time)
    until_time: Mapped[dt.time | None] = mapped_column(Time)
    """On the cinema's clocks, not included; before from_time: on the next day. None: to the end of the day."""
    first_day: Mapped[dt.date | None] = mapped_column(Date)
    last_day: Mapped[dt.date | None] = mapped_column(Date)
    """Included."""
    screen_id: Mapped[int | None] = mapped_column(ForeignKey("screens.id"))
    """None: every screen."""
