"""Films: made, changed by two at once, archived against who plans shows; posters put in place; tables looked at and taken in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.db import db
from app.domain.csv_import import MovieRow, read_film
from app.domain.films import FACTS, facts_of_row, joined, typed
from app.domain.marks import mark
from app.domain.poster_sizes import WIDTHS, drawing_name, is_upload
from app.domain.staff import COMMAND, By, Role
from app.errors import BadPicture, ConcurrentModification, Conflict, ImportRefused, Invalid, NotFound
from app.models import AuditEntry, FilmFile, Movie, MoviePoster, Show
from app.queries.browsing.films import search_films
from app.queries.films import films_of_the_house, staff_film
from app.queries.papers import poster_facts
from app.queries.tickets import booking_view
from app.services import film_imports
from app.services.films import add_film, archive_film, change_film, restore_film
from app.services.importing import import_movies
from app.services.posters import remove_poster, upload_poster
from app.services.scheduling import NewShow, schedule_show
from app.services.show_cancelling import cancel_show
from app.services.tickets import draw_tickets, ticket_sheets
from tests.builders import a_cinema, a_city, a_movie, a_paid_booking, a_person, a_price_list, a_screen, a_show
from tests.support.pictures import a_picture
from tests.support.staff import by

TODAY = dt.date(2000, 1, 1)


@pytest.fixture
def ruth(app: Flask) -> By:
    return by(a_person(Role.MANAGER, a_cinema(), name="Ruth"))


def a_row(**told: str) -> MovieRow:
    row, wrong = read_film({"id": "form", "title": "Sunrise", **told})
    assert row is not None, wrong
    return row


def the_film(movie_id: int) -> Movie:
    found = db.session.get_one(Movie, movie_id, populate_existing=True)
    db.session.commit()
    return found


def audited() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.subject == "film").order_by(AuditEntry.id)).all()
    db.session.commit()
    return [(row.action, row.before, row.after) for row in rows]


def count(model: Any) -> int:
    found = db.session.scalar(select(func.count()).select_from(model)) or 0
    db.session.commit()
    return found


# Made and changed


def test_a_film_is_made_found_and_written_down(ruth: By):
    movie_id = add_film(ruth, a_row(directors="F. W. Murnau", runtime_min="94", release_date="1927-09-23"))
    movie = the_film(movie_id)
    assert (movie.slug, movie.directors, movie.runtime_minutes, movie.year) == ("sunrise", ["F. W. Murnau"], 94, 1927)
    assert [one.id for one in search_films("murnau", a_city().id, 5, 0).films] == [movie_id]
    assert [(action, after["title"]) for action, _, after in audited()] == [("film.made", "Sunrise")]


def test_a_changed_title_keeps_the_address_and_is_found_by_its_new_name(ruth: By):
    movie_id = add_film(ruth, a_row())
    assert change_film(ruth, movie_id, staff_film(movie_id).seen, a_row(title="Aurore", certificate="U"))
    movie = the_film(movie_id)
    assert (movie.slug, movie.title, movie.folded.strip()) == ("sunrise", "Aurore", "aurore")
    assert audited()[1] == (
        "film.changed",
        {"title": "Sunrise", "certificate": None},
        {"title": "Aurore", "certificate": "U"},
    )


def test_two_films_of_one_name_have_two_addresses(ruth: By):
    assert [the_film(add_film(ruth, a_row())).slug for _ in range(2)] == ["sunrise", "sunrise-2"]


def test_keeping_what_is_there_writes_nothing(ruth: By):
    movie_id = add_film(ruth, a_row())
    assert not change_film(ruth, movie_id, staff_film(movie_id).seen, a_row())
    assert len(audited()) == 1


def test_the_second_of_two_who_edit_is_told(ruth: By):
    movie_id = add_film(ruth, a_row())
    seen = staff_film(movie_id).seen
    change_film(ruth, movie_id, seen, a_row(certificate="PG"))
    with pytest.raises(ConcurrentModification):
        change_film(ruth, movie_id, seen, a_row(certificate="15"))
    assert the_film(movie_id).certificate == "PG"


def test_an_import_meanwhile_counts_as_a_change(ruth: By):
    import_movies(b"id,title,certificate\nm,Sunrise,U\n")
    movie_id = db.session.scalar(select(Movie.id)) or 0
    db.session.commit()
    seen = staff_film(movie_id).seen
    import_movies(b"id,title,certificate\nm,Sunrise,PG\n")
    with pytest.raises(ConcurrentModification):
        change_film(ruth, movie_id, seen, a_row())


def test_a_film_that_is_not_there_can_not_be_changed(ruth: By):
    for act in (lambda: change_film(ruth, 999, "", a_row()), lambda: archive_film(ruth, 999)):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotFound):
        staff_film(999)


def test_every_fact_goes_in_and_comes_out(ruth: By):
    told = {
        "title": "Amélie",
        "original_title": "Le Fabuleux Destin",
        "kind": "event",
        "release_date": "2001-04-25",
        "release_year": "2000",
        "runtime_min": "122",
        "certificate": "15",
        "advice": "mild language",
        "sound": "stereo",
        "languages": "French;English",
        "countries": "France",
        "genres": "Comedy;Romance",
        "directors": "Jean-Pierre Jeunet",
        "cast": "Audrey Tautou;Mathieu Kassovitz",
        "synopsis": "A waitress.",
        "trailer_url": "https://video.example/a",
    }
    facts = staff_film(add_film(ruth, a_row(**told))).facts
    assert set(facts) == set(FACTS)
    assert all(facts.values())
    assert (facts["year"], facts["languages"], facts["kind"]) == (2000, ["French", "English"], "event")
    assert mark(facts) == mark(facts_of_row(a_row(**told)))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("title", "", "is empty"),
        ("title", "x" * 201, "at most 200"),
        ("runtime_min", "0", "not a running time"),
        ("runtime_min", "ninety", "not a number"),
        ("release_date", "2026-02-30", "not a day"),
        ("release_year", "1700", "before the first film"),
        ("kind", "circus", "not one of"),
        ("trailer_url", "http://video.example/a", "not an https address"),
        ("trailer_url", "javascript:alert(1)", "not an http"),
        ("trailer_url", "https://user:password@video.example/", "not a web address"),
        ("certificate", "x" * 21, "at most 20"),
        ("cast", ";".join(str(number) for number in range(61)), "at most 60"),
    ],
)
def test_a_form_is_judged_as_a_row_of_a_file_is(column: str, value: str, said: str):
    row, wrong = read_film({"id": "form", "title": "Sunrise", column: value})
    assert row is None
    assert said in wrong[column]


@pytest.mark.parametrize(
    "entries",
    [[], ["One"], ["One", "Two"], ["Downey, Jr."], ["Downey, Jr.", "Two"], ["Ærø & Ø", "日本"]],
)
def test_a_list_is_read_from_its_field_as_it_was_written(entries: list[str]):
    row = a_row(cast=joined(typed(entries)))
    assert list(row.cast) == entries


def test_lists_are_typed_with_commas_or_one_a_line():
    assert (
        joined("French, English ,")
        == joined("French\r\nEnglish\r\n\r\n")
        == joined("French;English")
        == "French;English"
    )


# The archive


def test_an_archived_film_is_in_no_list_and_comes_back(ruth: By):
    movie_id = add_film(ruth, a_row())
    archive_film(ruth, movie_id)
    archive_film(ruth, movie_id)
    assert not search_films("sunrise", a_city().id, 5, 0).films
    assert films_of_the_house(TODAY).counts == {"now": 0, "coming": 0, "without": 0, "archived": 1}
    restore_film(ruth, movie_id)
    restore_film(ruth, movie_id)
    assert search_films("sunrise", a_city().id, 5, 0).films
    assert [action for action, _, _ in audited()] == ["film.made", "film.archived", "film.restored"]


def test_a_film_with_shows_to_come_stays_and_says_how_many(ruth: By):
    movie = a_movie()
    show = a_show(movie=movie)
    a_show(movie=movie, published=False)
    with pytest.raises(Conflict, match="2 shows of it are still to come"):
        archive_film(ruth, movie.id)
    assert the_film(movie.id).archived_at is None
    cancel_show(COMMAND, show.id, "the projector")
    with pytest.raises(Conflict, match="1 show of it is still to come"):
        archive_film(ruth, movie.id)


def test_a_film_whose_shows_are_over_can_be_archived(ruth: By, moved_clock: Any):
    show = a_show()
    moved_clock.forward(days=2)
    archive_film(ruth, show.movie_id)
    assert the_film(show.movie_id).archived_at is not None


def test_no_show_of_an_archived_film_is_planned(ruth: By):
    movie, cinema = a_movie("Sunrise"), a_cinema()
    screen, prices = a_screen(cinema), a_price_list(cinema)
    archive_film(ruth, movie.id)
    new = NewShow(movie.id, screen.id, prices.id, clock.now() + dt.timedelta(hours=3))
    with pytest.raises(Invalid, match="Sunrise is archived"):
        schedule_show(new, "test")
    restore_film(ruth, movie.id)
    assert schedule_show(new, "test")


# What the pages show


def test_films_stand_where_they_belong(app: Flask):
    here = {
        "now": a_show(movie=a_movie("Alpha")).movie_id,
        "coming": a_show(movie=a_movie("Beta"), starts_in=dt.timedelta(days=9)).movie_id,
    }
    drafted = a_show(movie=a_movie("Gamma"), published=False).movie_id
    later = a_movie("Delta", release_date=TODAY + dt.timedelta(days=40)).id
    alone, old = a_movie("Epsilon").id, a_movie("Zeta", archived_at=clock.now()).id
    found = films_of_the_house(TODAY)
    assert {row.id: row.place for row in found.rows} == {
        here["now"]: "now", here["coming"]: "coming", drafted: "coming", later: "coming", alone: "without",
    }  # fmt: skip
    assert found.counts == {"now": 1, "coming": 3, "without": 1, "archived": 1}
    assert [row.id for row in films_of_the_house(TODAY, place="archived").rows] == [old]
    assert [row.id for row in films_of_the_house(TODAY, words="epsi").rows] == [alone]
    assert not films_of_the_house(TODAY, words="!!!").rows


def test_the_shows_that_keep_an_old_length_are_told(ruth: By):
    show = a_show(movie=a_movie(runtime_minutes=90))
    assert staff_film(show.movie_id).old_length == ()
    change_film(ruth, show.movie_id, staff_film(show.movie_id).seen, a_row(runtime_min="120"))
    (old,) = staff_film(show.movie_id).old_length
    assert (old.minutes, old.shows, old.first) == (105, 1, show.starts_at)
    again = db.session.get_one(Show, show.id, populate_existing=True)
    assert again.ends_at - again.starts_at == dt.timedelta(minutes=105), "no show moves"


# Posters


def test_a_poster_is_put_in_place_of_the_drawn_one_and_taken_away_again(ruth: By):
    movie = a_movie(poster_svg="<svg/>", poster_hash=drawing_name("<svg/>"))
    assert upload_poster(ruth, movie.id, movie.poster_hash, a_picture())
    name = the_film(movie.id).poster_hash
    assert is_upload(name)
    assert count(MoviePoster) == len(WIDTHS)
    assert not upload_poster(ruth, movie.id, name, a_picture()), "the same picture again changes nothing"
    assert remove_poster(ruth, movie.id, name)
    assert (the_film(movie.id).poster_hash, count(MoviePoster)) == (drawing_name("<svg/>"), 0)
    assert not remove_poster(ruth, movie.id, drawing_name("<svg/>"))
    assert [action for action, _, _ in audited()] == ["film.poster_uploaded", "film.poster_removed"]


def test_another_poster_has_another_name(ruth: By):
    movie = a_movie()
    upload_poster(ruth, movie.id, "", a_picture())
    first = the_film(movie.id).poster_hash
    upload_poster(ruth, movie.id, first, a_picture(color=(0, 90, 90)))
    assert the_film(movie.id).poster_hash != first
    assert count(MoviePoster) == len(WIDTHS)


def test_the_second_of_two_who_change_a_poster_is_told(ruth: By):
    movie = a_movie()
    upload_poster(ruth, movie.id, "", a_picture())
    for act in (lambda: upload_poster(ruth, movie.id, "", a_picture("PNG")), lambda: remove_poster(ruth, movie.id, "")):
        with pytest.raises(ConcurrentModification, match="poster"):
            act()


def test_a_bad_picture_leaves_the_poster_that_is_there(ruth: By):
    movie = a_movie()
    upload_poster(ruth, movie.id, "", a_picture())
    name = the_film(movie.id).poster_hash
    with pytest.raises(BadPicture):
        upload_poster(ruth, movie.id, name, b"<svg/>")
    assert (the_film(movie.id).poster_hash, count(MoviePoster)) == (name, len(WIDTHS))


def test_a_drawing_from_an_import_waits_behind_an_uploaded_poster(ruth: By, tmp_path: Any):
    (tmp_path / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    import_movies(b"id,title\nm,Sunrise\n")
    movie = db.session.scalars(select(Movie)).one()
    db.session.commit()
    upload_poster(ruth, movie.id, "", a_picture())
    name = the_film(movie.id).poster_hash
    assert import_movies(b"id,title,poster\nm,Sunrise,a.svg\n", posters=tmp_path).changed == 1
    assert the_film(movie.id).poster_hash == name
    remove_poster(ruth, movie.id, name)
    assert the_film(movie.id).poster_hash == drawing_name((tmp_path / "a.svg").read_text())


def test_an_uploaded_poster_is_printed_on_tickets(ruth: By):
    booking = a_paid_booking(a_show())
    view = booking_view(booking.show_id, booking.id)
    plain = draw_tickets(view, poster_facts(view.movie.id))
    upload_poster(ruth, view.movie.id, "", a_picture())
    facts = poster_facts(view.movie.id)
    (part,), pictures = ticket_sheets(view, facts)
    assert "marquee:poster.jpg" in part
    picture = pictures["poster.jpg"]
    assert isinstance(picture, bytes)
    assert picture.startswith(b"\xff\xd8")
    printed = draw_tickets(view, facts)
    assert b"/DCTDecode" in printed
    assert b"/DCTDecode" not in plain
    assert len(printed) < 150_000


# Tables


TABLE = "id,title,runtime_min,genres\nm1,Amélie,122,Comedy;Romance\nm2,Safety Last!,73,Comedy\n"


def taken(ruth: By, words: str) -> film_imports.FilmPlan:
    film_imports.keep_file(ruth, "films.csv", words.encode())
    plan = film_imports.look_at_file(ruth)
    assert plan is not None
    return film_imports.take_in(ruth, plan.digest)


def test_a_table_is_looked_at_and_nothing_is_written(ruth: By):
    film_imports.keep_file(ruth, "films.csv", TABLE.encode())
    plan = film_imports.look_at_file(ruth)
    assert plan is not None
    assert ([one.title for one in plan.added], plan.changed, plan.errors) == (["Amélie", "Safety Last!"], (), ())
    assert count(Movie) == 0


def test_what_was_looked_at_is_taken_in_once(ruth: By):
    taken(ruth, TABLE)
    assert count(Movie) == 2
    assert count(FilmFile) == 0
    with pytest.raises(NotFound):
        film_imports.take_in(ruth, "x")
    assert [action for action, _, _ in audited()] == ["film.imported"] * 2


def test_changes_are_told_by_field_and_written_down(ruth: By):
    taken(ruth, TABLE)
    film_imports.keep_file(ruth, "films.csv", TABLE.replace("122", "125").encode())
    plan = film_imports.look_at_file(ruth)
    assert plan is not None
    assert (plan.added, plan.unchanged, len(plan.changed)) == ((), 1, 1)
    assert plan.changed[0].fields == (("Running time", 122, 125),)
    film_imports.take_in(ruth, plan.digest)
    assert audited()[-1] == ("film.imported", {"runtime_minutes": 122}, {"runtime_minutes": 125})


def test_a_column_that_is_missing_changes_nothing_and_an_empty_cell_empties(ruth: By):
    taken(ruth, TABLE)
    done = taken(ruth, "id,title,genres\nm1,Amélie,\nm2,Safety Last!,Comedy\n")
    assert [one.fields for one in done.changed] == [(("Genres", ["Comedy", "Romance"], []),)]
    movie = db.session.scalars(select(Movie).where(Movie.external_id == "m1")).one()
    assert (movie.runtime_minutes, movie.genres) == (122, [])


def test_a_film_changed_meanwhile_is_not_overwritten_unseen(ruth: By):
    taken(ruth, TABLE)
    film_imports.keep_file(ruth, "films.csv", TABLE.replace("122", "125").encode())
    plan = film_imports.look_at_file(ruth)
    assert plan is not None
    import_movies(TABLE.replace("122", "130").encode())
    with pytest.raises(ConcurrentModification):
        film_imports.take_in(ruth, plan.digest)
    assert db.session.scalar(select(Movie.runtime_minutes).where(Movie.external_id == "m1")) == 130
    db.session.commit()
    assert count(FilmFile) == 1, "the table is kept to be looked at again"


def test_a_table_is_its_owners(ruth: By):
    joe = by(a_person(Role.MANAGER, a_cinema(), name="Joe"))
    film_imports.keep_file(ruth, "films.csv", TABLE.encode())
    plan = film_imports.look_at_file(ruth)
    assert plan is not None
    assert film_imports.look_at_file(joe) is None
    with pytest.raises(NotFound):
        film_imports.take_in(joe, plan.digest)


def test_bad_rows_are_told_with_line_and_column_and_the_others_go_in(ruth: By):
    done = taken(ruth, TABLE + "m3,,90,\nm4,Endless,99999,\n")
    assert [(one.line, one.column) for one in done.errors] == [(4, "title"), (5, "runtime_min")]
    assert count(Movie) == 2


def test_a_film_that_is_there_under_another_id_is_noted(ruth: By):
    add_film(ruth, a_row())
    done = taken(ruth, "id,title\nm9,Sunrise\n")
    assert "already" in done.notes[0].reason
    assert count(Movie) == 2


@pytest.mark.parametrize("data", [b"", b"name\nx\n", b"PK\x03\x04" + bytes(500), a_picture("PNG", (300, 400))])
def test_what_is_no_table_is_refused_and_not_kept(ruth: By, data: bytes):
    with pytest.raises(ImportRefused):
        film_imports.keep_file(ruth, "x", data)
    assert count(FilmFile) == 0


def test_a_table_that_is_too_large_is_refused(ruth: By):
    with pytest.raises(ImportRefused, match="2 MB"):
        film_imports.keep_file(ruth, "x.csv", b"id,title\n" + b"a" * film_imports.MOST_BYTES)


def test_forgotten_tables_go_after_a_day(ruth: By, moved_clock: Any):
    film_imports.keep_file(ruth, "films.csv", TABLE.encode())
    moved_clock.forward(days=2)
    joe = by(a_person(Role.MANAGER, a_cinema(), name="Joe"))
    film_imports.keep_file(joe, "films.csv", TABLE.encode())
    assert count(FilmFile) == 1
    film_imports.discard_file(joe)
    assert film_imports.look_at_file(joe) is None
