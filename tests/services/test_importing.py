"""Taking in films, cinemas and plans: the same file twice changes nothing, bad rows stop nobody."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from app.config import ROOT
from app.db import db
from app.errors import ImportRefused, NotFound
from app.models import Cinema, City, Layout, Movie, Seat
from app.services.importing import import_cinemas, import_movies, import_plan
from tests.builders import a_cinema, a_show, seat_ids

DEMO = ROOT / "demo"
MOVIES = "id,title,runtime_min,genres\nm1,Amélie,122,Comedy;Romance\nm2,Safety Last!,73,Comedy\n"
CINEMAS = "id,name,city,country_code,timezone,currency\nc1,Regent,Bristol,GB,Europe/London,GBP\n"


def count(model) -> int:
    found = db.session.scalar(select(func.count()).select_from(model))
    db.session.commit()
    return found


def a_plan(**changes) -> dict:
    plan = json.loads((DEMO / "plans" / "village-92.json").read_text())
    return plan | changes


def test_films_are_taken_in_once(app):
    assert import_movies(MOVIES.encode()).added == 2
    again = import_movies(MOVIES.encode())
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    movie = db.session.scalar(select(Movie).where(Movie.external_id == "m1"))
    assert (movie.slug, movie.runtime_minutes, movie.genres) == ("amelie", 122, ["Comedy", "Romance"])


def test_a_changed_row_changes_its_film_and_keeps_its_address(app):
    import_movies(MOVIES.encode())
    done = import_movies(MOVIES.replace("Amélie", "Le Fabuleux Destin").encode())
    assert (done.added, done.changed, done.unchanged) == (0, 1, 1)
    assert db.session.scalar(select(Movie.slug).where(Movie.external_id == "m1")) == "amelie"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_any_usual_separator_and_encoding_is_read(app, separator, encoding):
    data = "id,title\nm1,Amélie\n".replace(",", separator).encode(encoding)
    assert import_movies(data).added == 1
    assert db.session.scalar(select(Movie.title)) == "Amélie"


def test_a_bad_row_is_told_with_its_line_and_the_others_go_in(app):
    done = import_movies((MOVIES + "m3,Endless,99999,\n").encode())
    assert done.added == 2
    assert [(error.line, error.column) for error in done.errors] == [(4, "runtime_min")]


def test_a_dry_run_counts_and_keeps_nothing(app):
    assert import_movies(MOVIES.encode(), dry_run=True).added == 2
    assert count(Movie) == 0
    assert import_cinemas(CINEMAS.encode(), dry_run=True).added == 1
    assert count(Cinema) == count(City) == 0


def test_a_file_without_the_needed_columns_is_refused(app):
    with pytest.raises(ImportRefused):
        import_movies(b"name,year\nX,1927\n")


def test_two_films_of_one_name_get_two_addresses(app):
    import_movies(b"id,title\na,Sunrise\nb,Sunrise\n")
    assert set(db.session.scalars(select(Movie.slug))) == {"sunrise", "sunrise-2"}


def test_cinemas_bring_their_cities_fees_and_taxes(app):
    assert import_cinemas(CINEMAS.encode()).added == 1
    assert import_cinemas(CINEMAS.encode()).unchanged == 1
    cinema = db.session.scalar(select(Cinema))
    assert (cinema.city.name, cinema.fee_minor, str(cinema.tax_percent)) == ("Bristol", 75, "20.00")


@pytest.mark.parametrize("plan", ["standard-300", "village-92", "boutique-46"])
def test_the_demo_plans_become_layouts_once(app, plan):
    cinema = a_cinema()
    data = (DEMO / "plans" / f"{plan}.json").read_bytes()
    done = import_plan(data, cinema=cinema.slug, screen="Screen 1")
    assert db.session.get_one(Layout, done.layout_id).seat_count == int(plan.split("-")[1])
    assert import_plan(data, cinema=cinema.slug, screen="Screen 1").layout_id == done.layout_id
    assert count(Layout) == 1
    assert count(Seat) == int(plan.split("-")[1])


def test_a_new_plan_leaves_the_shows_on_sale_as_they_are(app):
    show = a_show(12)
    done = import_plan(
        json.dumps(a_plan()).encode(),
        cinema=db.session.get_one(Cinema, show.cinema_id).slug,
        screen=show.screen.name,
    )
    assert done.layout_id != show.layout_id
    assert len(seat_ids(show)) == 12


def test_a_bad_plan_is_refused_with_its_place_and_writes_nothing(app):
    cinema = a_cinema()
    plan = a_plan()
    plan["zones"][0]["rows"][3]["seats"][2]["seat_guid"] = plan["zones"][0]["rows"][3]["seats"][1]["seat_guid"]
    with pytest.raises(ImportRefused, match=r"zones\[0\]\.rows\[3\]\.seats\[2\]"):
        import_plan(json.dumps(plan).encode(), cinema=cinema.slug, screen="Screen 1")
    assert count(Layout) == 0


def test_a_plan_with_a_letter_that_no_text_can_hold_is_refused(app):
    cinema = a_cinema()
    plan = a_plan()
    plan["zones"][0]["rows"][0]["seats"][0]["seat_number"] = "1\0"
    with pytest.raises(ImportRefused, match="NUL"):
        import_plan(json.dumps(plan).encode(), cinema=cinema.slug, screen="Screen 1")
    assert count(Layout) == 0


def test_a_plan_for_a_cinema_nobody_knows_is_refused(app):
    with pytest.raises(NotFound, match="no cinema"):
        import_plan(json.dumps(a_plan()).encode(), cinema="nowhere", screen="Screen 1")


def test_a_poster_with_a_script_is_left_out(app, tmp_path):
    (tmp_path / "bad.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")
    done = import_movies(b"id,title,poster\na,Sunrise,bad.svg\nb,Kid,none.svg\n", posters=tmp_path)
    assert (done.added, len(done.notes)) == (2, 2)
    assert db.session.scalars(select(Movie.poster_hash)).all() == [None, None]


def test_a_poster_outside_its_folder_is_refused(app, tmp_path):
    done = import_movies(b"id,title,poster\na,Sunrise,../x.svg\n", posters=tmp_path)
    assert [error.column for error in done.errors] == ["poster"]


def test_a_currency_and_a_zone_that_shows_count_on_are_left_as_they_are(app):
    import_cinemas(CINEMAS.encode())
    a_show(cinema=db.session.scalar(select(Cinema)))
    done = import_cinemas(CINEMAS.replace("Regent", "Rex").replace("Europe/London,GBP", "Asia/Tokyo,JPY").encode())
    assert [(note.line, note.column) for note in done.notes] == [(2, "currency"), (2, "timezone")]
    assert "fixed" in done.notes[0].reason
    cinema = db.session.scalar(select(Cinema).execution_options(populate_existing=True))
    assert (cinema.name, cinema.timezone, cinema.currency, cinema.fee_minor) == ("Rex", "Europe/London", "GBP", 75)
