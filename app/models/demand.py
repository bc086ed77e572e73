"""Rules that raise and lower prices by demand, and how far they may go at each cinema."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, Text, Time
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.domain.demand import LEAST, LONGEST_HOURS, MOST
from app.models import columns as c


class DemandRule(Base):
    """One rule of one cinema. Never deleted: a cinema that has any is looked after, so that prices also come back."""

    __tablename__ = "demand_rules"
    __table_args__ = (
        CheckConstraint(f"percent BETWEEN {LEAST} AND {MOST} AND percent <> 0", name="percent_sane"),
        CheckConstraint("full_from >= 0 AND full_from < full_to AND full_to <= 100", name="full_sane"),
        CheckConstraint(f"hours_from >= 0 AND coalesce(hours_to, {LONGEST_HOURS + 1}) > hours_from", name="hours_sane"),
        CheckConstraint("reason <> ''", name="says_why"),
        CheckConstraint(
            "cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]", name="weekdays_known"
        ),
        CheckConstraint("from_time <> until_time", name="takes_time"),
        Index("ix_demand_rules_cinema_id", "cinema_id"),
    )

    id: Mapped[c.serial] = mapped_column(primary_key=True)
    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"))
    reason: Mapped[c.text]
    """What buyers read beside the price."""
    percent: Mapped[int] = mapped_column(SmallInteger)
    full_from: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    full_to: Mapped[int] = mapped_column(SmallInteger, server_default="100")
    hours_from: Mapped[int] = mapped_column(Integer, server_default="0")
    hours_to: Mapped[int | None] = mapped_column(Integer)
    """None: however far off the show is."""
    movie_id: Mapped[int | None] = mapped_column(ForeignKey("movies.id"))
    """None: every film."""
    formats: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """None of them: every format."""
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default="{1,2,3,4,5,6,7}")
    from_time: Mapped[dt.time | None] = mapped_column(Time)
    until_time: Mapped[dt.time | None] = mapped_column(Time)
    """When its shows begin, as in price_rules."""
    active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    revision: Mapped[int] = mapped_column(Integer, server_default="0")
    """Rises by one with each change: who sends an older one has not seen the last."""


class DemandLimits(Base):
    """How far the rules of a cinema may go; a cinema without a row has those of domain/demand.py."""

    __tablename__ = "demand_limits"
    __table_args__ = (
        CheckConstraint(f"lowest BETWEEN {LEAST} AND 0", name="lowest_sane"),
        CheckConstraint(f"highest BETWEEN 0 AND {MOST}", name="highest_sane"),
        CheckConstraint("step_minor > 0", name="step_sane"),
    )

    cinema_id: Mapped[int] = mapped_column(ForeignKey("cinemas.id"), primary_key=True)
    lowest: Mapped[int] = mapped_column(SmallInteger)
    highest: Mapped[int] = mapped_column(SmallInteger)
    step_minor: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer, server_default="0")
