"""Figures summed up beforehand, so that reports stay quick. All but the views can be made anew from what they sum up.

services/rollups.py writes them, queries/figures/ reads them. Days are the cinema's own; amounts are minor units.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Date, Index, Integer, SmallInteger, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models import columns as c


class FigureSale(Base):
    """What was sold and given back for one show on one day, by price category, ticket type and channel."""

    __tablename__ = "figures_sales"
    __table_args__ = (
        Index("ix_figures_sales_day", "cinema_id", "day"),
        Index("ix_figures_sales_show_day", "cinema_id", "show_day"),
    )

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    category: Mapped[str] = mapped_column(Text, primary_key=True)
    ticket_type: Mapped[str] = mapped_column(String(20), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    cinema_id: Mapped[c.big]
    movie_id: Mapped[c.big]
    screen_id: Mapped[c.big]
    show_day: Mapped[dt.date] = mapped_column(Date)
    """When the show is, not when it was paid."""
    sold: Mapped[int] = mapped_column(Integer)
    back: Mapped[int] = mapped_column(Integer)
    net_minor: Mapped[c.big]
    """Ticket revenue without tax, discounts not taken off; as the ledger books it."""
    fee_minor: Mapped[c.big]
    tax_minor: Mapped[c.big]
    discount_minor: Mapped[c.big]
    kept_minor: Mapped[c.big]
    """Kept of cancelled seats, without tax."""
    kept_tax_minor: Mapped[c.big]
    """The tax of what was kept; it is not in `tax_minor`."""


class FigureMoney(Base):
    """The movements of one account of the ledger for one show (0 = none) on one day: debits and credits."""

    __tablename__ = "figures_money"
    __table_args__ = (Index("ix_figures_money_day", "cinema_id", "day"),)

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    account: Mapped[str] = mapped_column(String(30), primary_key=True)
    party: Mapped[str] = mapped_column(String(60), primary_key=True)
    """The gateway; empty for accounts whose parties are people, cards or shifts."""
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    cinema_id: Mapped[c.big]
    """0 = of no cinema: gift cards."""
    debit_minor: Mapped[c.big]
    credit_minor: Mapped[c.big]


class FigureSaleDaily(Base):
    """What a cinema sold and gave back on one day, all shows together, by one thing at a time.

    `by` says which: film and screen name it by `thing_id`, category, type and channel by `name`. The rows of each `by` add
    up to the same, so a report reads those of one.
    """

    __tablename__ = "figures_sales_daily"
    __table_args__ = (Index("ix_figures_sales_daily_day", "by", "day"),)

    cinema_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    by: Mapped[str] = mapped_column(String(10), primary_key=True)
    thing_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    sold: Mapped[int] = mapped_column(Integer)
    back: Mapped[int] = mapped_column(Integer)
    net_minor: Mapped[c.big]
    fee_minor: Mapped[c.big]
    tax_minor: Mapped[c.big]
    discount_minor: Mapped[c.big]
    kept_minor: Mapped[c.big]
    kept_tax_minor: Mapped[c.big]


class FigureMoneyDaily(Base):
    """The movements of one account on one day of a cinema (0 = of none), all shows together."""

    __tablename__ = "figures_money_daily"

    cinema_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    account: Mapped[str] = mapped_column(String(30), primary_key=True)
    party: Mapped[str] = mapped_column(String(60), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    debit_minor: Mapped[c.big]
    credit_minor: Mapped[c.big]


class FigureShow(Base):
    """How a show stands: seats there are, sold, let in, and which ones are sold."""

    __tablename__ = "figures_shows"

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seats: Mapped[int] = mapped_column(Integer)
    sold: Mapped[int] = mapped_column(Integer)
    admitted: Mapped[int] = mapped_column(Integer)
    sold_seats: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class FigureHour(Base):
    """What was taken and given back for one show in one hour of the cinema's clocks. Only the last days are kept."""

    __tablename__ = "figures_hours"
    __table_args__ = (Index("ix_figures_hours_day", "day", "cinema_id"),)

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    hour: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    cinema_id: Mapped[c.big]
    sold: Mapped[int] = mapped_column(Integer)
    back: Mapped[int] = mapped_column(Integer)
    taken_minor: Mapped[c.big]
    """What sales brought: tickets, fees and tax, discounts off."""
    back_minor: Mapped[c.big]
    """What cancellations took out of it again, what was kept left in."""


class FigureDay(Base):
    """How many bookings of a show were held, began to pay, were confirmed and were let in, each on its day, by channel."""

    __tablename__ = "figures_days"
    __table_args__ = (Index("ix_figures_days_day", "cinema_id", "day"),)

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True, server_default="")
    cinema_id: Mapped[c.big]
    held: Mapped[int] = mapped_column(Integer)
    began: Mapped[int] = mapped_column(Integer)
    confirmed: Mapped[int] = mapped_column(Integer)
    admitted: Mapped[int] = mapped_column(Integer)


class FigureCoupon(Base):
    """What a coupon (0 = none) took off for one show on one day, and what of it cancellations took back."""

    __tablename__ = "figures_coupons"
    __table_args__ = (Index("ix_figures_coupons_day", "cinema_id", "day"),)

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    coupon_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    cinema_id: Mapped[c.big]
    uses: Mapped[int] = mapped_column(Integer)
    given_minor: Mapped[c.big]
    back_minor: Mapped[c.big]


class FigureRefund(Base):
    """What went back for one show on one day, by reason."""

    __tablename__ = "figures_refunds"
    __table_args__ = (Index("ix_figures_refunds_day", "cinema_id", "day"),)

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    cinema_id: Mapped[c.big]
    times: Mapped[int] = mapped_column(Integer)
    seats: Mapped[int] = mapped_column(Integer)
    kept_minor: Mapped[c.big]
    returned_minor: Mapped[c.big]


class ShowView(Base):
    """How often a show's seats were looked at in one hour. Counted, nobody noted; it can't be made anew."""

    __tablename__ = "show_views"

    show_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hour: Mapped[c.instant] = mapped_column(primary_key=True)
    seen: Mapped[int] = mapped_column(Integer)


class FigureMark(Base):
    """Up to which id a log is summed up for good."""

    __tablename__ = "figures_marks"

    source: Mapped[str] = mapped_column(String(30), primary_key=True)
    settled_id: Mapped[c.big]
