"""The programme: the week planner, a week copied or put on sale, new shows with their preview."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import clock
from app.blueprints.browse.posters import poster_url
from app.blueprints.staff import pages
from app.domain.film_week import FilmWeek, week_of
from app.domain.local_time import LEAPT, programme_day
from app.domain.programme import Candidate, Slot, candidates, in_the_way, judge
from app.domain.staff import Role
from app.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from app.queries.planner import show_facts, week_at
from app.queries.price_lists import price_picker
from app.queries.programme import Choices, busy_on, choices_of
from app.services import show_changes
from app.services.scheduling import Made, NewShow, publish_shows, schedule_shows
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.shows_forms import BY_RULE, ShowsForm, instant_in
from app.web.staff import StaffHouse
from app.web.staff_forms import first_error


@pages.get("/planner")
@staff(Role.MANAGER)
def planner(house: StaffHouse) -> Response:
    """A film week, a lane for each screen. static/staff/planner.js drags; the forms do the same."""
    cinema = house.the_cinema()
    week = week_at(cinema.id, house.zone, _week(house, request.args.get("week", "")), clock.now())
    return render("staff/shows/planner.html", house=house, planner=week, zone=cinema.timezone, poster_url=poster_url)


def _week(house: StaffHouse, words: str) -> FilmWeek:
    """The week of a date, or this one."""
    try:
        day = dt.date.fromisoformat(words)
        return week_of(day) if 2000 < day.year < 2200 else week_of(house.now.date())
    except ValueError:
        return week_of(programme_day(house.zone, clock.now()))


@pages.post("/planner/publish")
@staff(Role.MANAGER)
def publish_week(house: StaffHouse) -> AnyResponse:
    """Put the drafts on sale that the page showed: those that can be."""
    ids = [int(one) for one in request.form.getlist("show") if one.isdecimal()][:500]
    done = publish_shows(house.by, house.the_cinema().id, ids)
    if done.ids:
        flash(f"{_shows(len(done.ids))} on sale now.", "ok")
    for show_id, why_not in list(done.kept.items())[:10]:
        flash(f"{_named(show_id, house)}: {why_not}", "warn")
    if not ids:
        flash("There is no draft to put on sale.", "warn")
    return to_planner(_week(house, request.form.get("week", "")))


def _shows(number: int) -> str:
    return "1 show is" if number == 1 else f"{number} shows are"


def _named(show_id: int, house: StaffHouse) -> str:
    """Metropolis, Fri 20 Nov 19:30, of this cinema."""
    try:
        shown = show_facts(show_id, ("cinema_id",))
    except NotFound:
        return "A show"
    if shown.facts["cinema_id"] not in house.where:
        return "A show"
    local = shown.starts_at.astimezone(house.zone)
    return f"{shown.title}, {local:%a} {local.day} {local:%b} {local:%H:%M}"


def to_planner(week: FilmWeek) -> AnyResponse:
    return redirect(url_for("staff.planner", week=week.start.isoformat()), 303)


@pages.post("/planner/copy")
@staff(Role.MANAGER)
@once(lambda made: url_for("staff.planner", week=request.form.get("week")))
def copy_week(house: StaffHouse) -> AnyResponse:
    """Drafts like the shows of the week before."""
    week = _week(house, request.form.get("week", ""))
    try:
        made = show_changes.copy_week(house.by, house.the_cinema().id, week)
    except Invalid as problem:
        flash(problem.message, "warn")
        return to_planner(week)
    if made.ids:
        flash(f"{len(made.ids)} {'draft was' if len(made.ids) == 1 else 'drafts were'} made.", "ok")
    _tell_left_out(made, house)
    return to_planner(week)


def _tell_left_out(made: Made, house: StaffHouse) -> None:
    if not made.left_out:
        return
    some = [f"{clock_words(new.starts_at, house.zone)}: {why_not}" for new, why_not in made.left_out[:6]]
    more = f" And {len(made.left_out) - 6} more." if len(made.left_out) > 6 else ""
    flash(
        f"{_shows(len(made.left_out)).replace(' is', ' was').replace(' are', ' were')} left out. {' '.join(some)}{more}",
        "warn",
    )


def clock_words(instant: dt.datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"


# New shows


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the preview."""

    wish: Candidate
    screen: str
    prices: str
    why_not: str
    value: str
    """What its box sends: screen and instant."""
    ticked: bool

    @property
    def note(self) -> str:
        return "The clocks show this time twice in that night; this is the second." if self.wish.again else ""


@pages.get("/shows/new")
@staff(Role.MANAGER)
def new_shows(house: StaffHouse) -> Response:
    """The form; a film and a day may be given by the address. Nothing is planned for days that are over."""
    choices = choices_of(house.the_cinema().id)
    today = programme_day(house.zone, clock.now())
    day = max(_date(request.args.get("day", "")) or today, today)
    form = ShowsForm(choices, movie_id=request.args.get("film", type=int), first_day=day)
    return _form_page(house, choices, form)


def _date(words: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(words)
    except ValueError:
        return None


def _form_page(
    house: StaffHouse,
    choices: Choices,
    form: ShowsForm,
    lines: list[Line] | None = None,
    refused: str = "",
    status: int = 200,
) -> Response:
    status = 422 if form.errors else status
    shown: dict[str, Any] = {"choices": choices, "form": form, "lines": lines, "refused": refused}
    return render("staff/shows/new.html", status_code=status, house=house, **shown)


@pages.post("/shows/new")
@staff(Role.MANAGER)
def preview_shows(house: StaffHouse) -> Response:
    """What would be made; nothing is written."""
    choices = choices_of(house.the_cinema().id)
    form = ShowsForm(choices)
    lines = _preview(house, choices, form) if form.validate_on_submit() else None
    return _form_page(house, choices, form, lines)


def _preview(house: StaffHouse, choices: Choices, form: ShowsForm) -> list[Line]:
    film = choices.film(form.movie_id.data)
    if film is None:
        raise NotFound("There is no such film.")
    wishes = candidates(form.wish(film), house.zone)
    verdicts = _verdicts([one for one in wishes if one.slot], film.title, house.zone)
    pick = _prices(house, form)
    lines = []
    for wish in wishes:
        if wish.slot is None:
            lines.append(Line(wish, choices.screen_name(wish.screen_id), "", LEAPT, "", False))
            continue
        list_id, why_not = pick(wish.slot), verdicts[wish.slot]
        why_not = why_not or ("" if list_id else "No price rule fits: choose a price list.")
        value = f"{wish.screen_id}@{wish.slot.starts_at.isoformat()}"
        name = choices.lists.get(list_id or 0, "")
        lines.append(
            Line(wish, choices.screen_name(wish.screen_id), name, why_not, value, not why_not and not wish.again)
        )
    return lines


def _verdicts(wishes: list[Candidate], title: str, zone: ZoneInfo) -> dict[Slot, str]:
    """A sentence for each slot that can't be. A time shown twice is judged after those that are meant first."""
    slots = [one.slot for one in sorted(wishes, key=lambda one: one.again) if one.slot]
    if not slots:
        return {}
    start, end = min(one.starts_at for one in slots), max(one.ends_at for one in slots)
    busy = busy_on({one.screen_id for one in slots}, start, end)
    verdicts = judge([(one, title) for one in slots], busy, clock.now())
    return {
        slot: verdict if isinstance(verdict, str) else in_the_way(verdict, zone)
        for slot, verdict in zip(slots, verdicts, strict=True)
    }


def _prices(house: StaffHouse, form: ShowsForm) -> Any:
    """A function of a slot: the list that was chosen, or the one of the rules."""
    chosen = form.price_list_id.data or BY_RULE
    if chosen != BY_RULE:
        return lambda slot: chosen
    picker = price_picker(house.the_cinema().id)
    return lambda slot: picker.list_for(slot.starts_at, slot.screen_id)


@pages.post("/shows")
@staff(Role.MANAGER)
@once(lambda made: _made_before(made))
def make_shows(house: StaffHouse) -> AnyResponse:
    """Make the drafts that were ticked. The planner's script sends one, of a film that was dragged onto a lane."""
    choices = choices_of(house.the_cinema().id)
    form = ShowsForm(choices)
    dragged = request.form.get("dragged") == "1"
    if not (_names_a_film(form, choices) if dragged else form.validate_on_submit()):
        return refuse(Invalid(first_error(form))) if dragged else _form_page(house, choices, form)
    try:
        made = _make(house, form)
    except (Conflict, Invalid, NotFound, Forbidden) as problem:
        if dragged:
            return refuse(problem)
        return _form_page(house, choices, form, _preview(house, choices, form), problem.message, problem.status)
    if dragged:
        return jsonify({"words": "A draft was made.", "show": made.ids[0]})
    flash(
        f"{len(made.ids)} {'draft was' if len(made.ids) == 1 else 'drafts were'} made. Publish them when the week is right.",
        "ok",
    )
    _tell_left_out(made, house)
    return to_planner(week_of(form.days()[0]))


def _made_before(show_id: int | None) -> AnyResponse | str:
    """The week of what this form made, if any of it could be; the script is told that its draft is there."""
    if show_id is None:
        return url_for("staff.planner")
    if request.form.get("dragged") == "1":
        return jsonify({"words": "The draft was made.", "show": show_id})
    shown = show_facts(show_id, ())
    day = programme_day(ZoneInfo(shown.timezone), shown.starts_at)
    return url_for("staff.planner", week=week_of(day).start.isoformat())


def _names_a_film(form: ShowsForm, choices: Choices) -> bool:
    return choices.film(form.movie_id.data or 0) is not None


def _make(house: StaffHouse, form: ShowsForm) -> Made:
    pick, now = _prices(house, form), clock.now()
    wanted: list[NewShow] = []
    for screen_id, starts_at in _slots(request.form.getlist("slot")):
        list_id = pick(Slot(screen_id, starts_at, starts_at))
        if not list_id:
            raise Invalid("No price rule fits this time. Choose a price list in the form for new shows.")
        wanted.append(form.new(screen_id, starts_at, list_id, now))
    return schedule_shows(house.by, house.the_cinema().id, wanted, leave_out=form.if_taken.data == "others")


def _slots(values: Iterable[str]) -> list[tuple[int, dt.datetime]]:
    """What the boxes sent, in the order of time. Raises Invalid."""
    found = []
    for value in values:
        screen, _, instant = value.partition("@")
        starts_at = instant_in(instant)
        if not screen.isdecimal() or starts_at is None:
            raise Invalid("This could not be read. Look at the preview again.")
        found.append((int(screen), starts_at.replace(second=0, microsecond=0)))
    return sorted(set(found), key=lambda one: (one[1], one[0]))


def refuse(problem: DomainError) -> AnyResponse:
    """For the script: the sentence."""
    response = jsonify({"error": {"code": problem.code, "message": problem.message}})
    response.status_code = problem.status
    return response
