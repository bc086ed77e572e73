"""A film archived while somebody plans shows of it: one of the two is told, and no show of an archived film is there."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from sqlalchemy import text

from app import clock
from app.db import db
from app.domain.staff import Role
from app.errors import Conflict, DomainError, Invalid
from app.services.films import archive_film
from app.services.scheduling import NewShow, schedule_show
from tests.builders import a_cinema, a_movie, a_person, a_price_list, a_screen
from tests.support.crowd import crowd
from tests.support.staff import by
