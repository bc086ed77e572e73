"""The steps to the first ticket as pages show them: what each is called and where it is done."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, url_for

from app.domain.staff import Role
from app.queries.opening import Opening, left_to_do
from app.web.staff import StaffHouse

STEPS = {
    "screen": ("Make a screen", "staff.cinema_page"),
    "seats": ("Draw its seats, or begin with a plan", "staff.layouts"),
    "prices": ("Make a price list", "staff.prices"),
    "films": ("Add the films", "staff.films"),
    "shows": ("Put shows on sale", "staff.planner"),
}
"""Key of the step → its words and the page where it is done."""
NOT_YET: tuple[str, ...] = ()
"""Pages that this version has not: their steps are told without a link."""


@dataclass(frozen=True, slots=True)
class StepShown:
    words: str
    done: bool
    href: str
    """Where it is done; empty if there is no page for it."""


def open_steps(cinema_id: int) -> list[StepShown]:
    """All steps while one is left to do; none once tickets are on sale."""
    opening = left_to_do(cinema_id)
    return steps_of(opening, cinema_id) if opening.missing else []


def next_step(house: StaffHouse) -> StepShown | None:
    """What a manager does next until the cinema's tickets are on sale; None once they are."""
    if house.cinema is None or not house.may(Role.MANAGER):
        return None
    return next((step for step in open_steps(house.cinema.id) if not step.done), None)


def steps_of(opening: Opening, cinema_id: int) -> list[StepShown]:
    return [StepShown(STEPS[key][0], done, _href(STEPS[key][1], cinema_id)) for key, done in opening.steps]


def _href(endpoint: str, cinema_id: int) -> str:
    if endpoint in NOT_YET:
        return ""
    if endpoint == "staff.cinema_page":
        return url_for(endpoint, cinema_id=cinema_id, _anchor="new-screen")
    return url_for(endpoint)


def init_opening(app: Flask) -> None:
    app.jinja_env.globals["next_step"] = next_step
