"""Films and cinemas from CSV files as people really send them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.csv_import import CinemaRow, ImportResult, MovieRow, parse_cinemas, parse_movies, read_table
from app.domain.text import fold, slugify, tidy

DEMO = Path(__file__).parents[2] / "demo"
CINEMA_HEADER = "id,name,city,country_code,timezone,currency"


def movies(*lines: str, header: str = "id,title,release_date,runtime_min") -> ImportResult[MovieRow]:
    return parse_movies("\n".join([header, *lines]).encode())


def the_movie(column: str, value: str) -> MovieRow:
    result = movies(f'm1,Metropolis,"{value}"', header=f"id,title,{column}")
    assert result.errors == ()
    return result.rows[0]


def movie_errors(column: str, value: str) -> list[tuple[int, str]]:
    result = movies(f'm1,Metropolis,"{value}"', "m2,Sunrise,", header=f"id,title,{column}")
    assert [row.id for row in result.rows][-1:] == ["m2"], "a bad row must not stop the others"
    return [(error.line, error.column) for error in result.errors]


def cinemas(*lines: str, header: str = CINEMA_HEADER) -> ImportResult[CinemaRow]:
    return parse_cinemas("\n".join([header, *lines]).encode())


def the_cinema(column: str, value: str) -> CinemaRow:
    result = cinemas(f'c1,Rex,Lyon,FR,Europe/Paris,EUR,"{value}"', header=f"{CINEMA_HEADER},{column}")
    assert result.errors == ()
    return result.rows[0]


def cinema_errors(column: str, value: str) -> list[str]:
    cells = {"id": "c1", "name": "Rex", "city": "Lyon", "country_code": "FR", "timezone": "Europe/Paris"}
    cells |= {"currency": "EUR", column: value}
    line = ",".join(f'"{cell}"' for cell in cells.values())
    return [error.column for error in cinemas(line, header=",".join(cells)).errors]


def test_the_demos_films_and_cinemas_are_read_without_a_fault() -> None:
    films = parse_movies((DEMO / "movies.csv").read_bytes())
    houses = parse_cinemas((DEMO / "cinemas.csv").read_bytes())
    assert (len(films.rows), films.errors, films.notes) == (24, (), ())
    assert (len(houses.rows), houses.errors, houses.notes) == (4, (), ())
    assert all((DEMO / "posters" / film.poster).is_file() for film in films.rows)
    assert len({house.timezone for house in houses.rows}) >= 3
    assert len({house.currency for house in houses.rows}) >= 2


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_same_table_comes_out_of_every_dialect(separator: str, encoding: str, line_end: str) -> None:
    rows = [
        ["id", "title", "genres"],
        ["m1", '"Amélie, la; fabuleuse"', '"Comedy;Romance"'],
        ["m2", "10", "Drama"],
    ]
    text = line_end.join(separator.join(row) for row in rows) + line_end
    result = parse_movies(text.encode(encoding))
    assert result.errors == ()
    assert [row.title for row in result.rows] == ["Amélie, la; fabuleuse", "10"]
    assert result.rows[0].genres == ("Comedy", "Romance")
    assert result.separator == separator


def test_single_lines_of_another_encoding_are_read_too() -> None:
    data = b"\xef\xbb\xbfid,title\nm1,Am\xc3\xa9lie\nm2,Caf\xe9\n"
    result = parse_movies(data)
    assert [row.title for row in result.rows] == ["Amélie", "Café"]
    assert result.encoding == "utf-8 and windows-1252"


def test_a_spreadsheets_own_hint_names_the_separator() -> None:
    assert parse_movies(b"sep=;\r\nid;title\r\nm1;One, Two\r\n").rows[0].title == "One, Two"


def test_line_numbers_are_those_of_the_editor() -> None:
    table = read_table(b'id,title\n\nm1,"two\nlines"\nm2,x\n')
    assert [(row.line, row.cells[0]) for row in table.rows] == [(3, "m1"), (5, "m2")]


def test_ragged_rows_are_reported_and_the_others_read() -> None:
    result = movies("m1,A,1999-01-01", "m2,B,1999-01-01,90,,,", "m3,C,1999-01-01,90,extra", "m4,D,,")
    assert [row.id for row in result.rows] == ["m2", "m4"]
    assert [(error.line, error.reason) for error in result.errors] == [
        (2, "has 3 cells where the header has 4"),
        (4, "has 5 cells where the header has 4"),
    ]


def test_a_quote_that_is_never_closed_spoils_one_line_only() -> None:
    result = movies('m1,"Broken,,', "m2,Whole,,", "m3,Too,,")
    assert [row.id for row in result.rows] == ["m2", "m3"]
    assert [error.line for error in result.errors] == [2]


def test_quotes_inside_a_title_are_kept() -> None:
    assert movies('m1,"The ""Great"" One",,', 'm2,Say "hi",,').rows[1].title == 'Say "hi"'


@pytest.mark.parametrize("told", ["TITLE", " Title ", "\u200btitle", "title\u00a0"])
def test_header_names_are_read_leniently(told: str) -> None:
    assert movies("m1,Metropolis", header=f"Id,{told}").rows[0].title == "Metropolis"


def test_other_spellings_of_columns_are_known() -> None:
    film = movies("m1,Metropolis,153,1927", header="id,title,Runtime minutes,Year").rows[0]
    assert (film.runtime_min, film.release_year) == (153, 1927)


@pytest.mark.parametrize(
    ("data", "column", "reason"),
    [
        (b"", "", "the file is empty"),
        (b"\n\n", "", "the file is empty"),
        (b"id,name\nm1,x", "title", 'the header lacks the column "title"'),
        (b"id,title,Title\nm1,x,y", "title", 'the header has the column "title" twice'),
    ],
)
def test_a_file_without_the_needed_header_gives_one_error_and_no_rows(data: bytes, column: str, reason: str) -> None:
    result = parse_movies(data)
    assert result.rows == ()
    assert (result.errors[0].line, result.errors[0].column, result.errors[0].reason) == (1, column, reason)


def test_unknown_columns_are_named_and_ignored() -> None:
    assert movies("m1,x,5", header="id,title,box_office").ignored_columns == ("box_office",)


@pytest.mark.parametrize("value", ["5520", "0", "-5", "901", "1e3", "ninety", "99999999999999999999"])
def test_absurd_running_times_are_refused(value: str) -> None:
    assert movie_errors("runtime_min", value) == [(2, "runtime_min")]


@pytest.mark.parametrize(("value", "minutes"), [("97", 97), ("97.0", 97), ("97,5", 98), ("", None), ("s/d", None)])
def test_running_times_are_whole_minutes(value: str, minutes: int | None) -> None:
    assert the_movie("runtime_min", value).runtime_min == minutes


@pytest.mark.parametrize(
    "value", ["1010-12-02", "1850", "2026-02-30", "2026-13-01", "12/02/2010", "soon", "3010-01-01"]
)
def test_impossible_dates_are_refused(value: str) -> None:
    assert movie_errors("release_date", value) == [(2, "release_date")]


def test_a_year_alone_is_a_year_and_no_date() -> None:
    assert the_movie("release_date", "1979-10-05").release_date == dt.date(1979, 10, 5)
    film = the_movie("release_date", "1979-10")
    assert (film.release_date, film.release_year) == (None, 1979)


def test_dirt_is_washed_out_of_texts_and_lists() -> None:
    film = the_movie("cast", "(;Ann\u00a0 Lee;\u200bBob;Bob;;\x07Cy")
    assert film.cast == ("Ann Lee", "Bob", "Cy")
    assert movies("m1,\ufeffAll\u00a0 \u200bquiet\x00,,").rows[0].title == "All quiet"


def test_no_data_is_written_in_many_ways_yet_may_be_a_title() -> None:
    assert the_movie("certificate", "s/d").certificate == ""
    assert movies("m1,N/A,,").rows[0].title == "N/A"


def test_a_title_that_looks_like_a_date_is_taken_and_noted() -> None:
    result = movies("m1,10-Dec,,", "m2,1917,,", "m3,300,,")
    assert len(result.rows) == 3
    assert [(note.line, note.column) for note in result.notes] == [(2, "title")]


def test_an_id_twice_is_refused_with_the_first_line() -> None:
    result = movies("m1,A,,", "m1,B,,", "M1,C,,")
    assert [row.title for row in result.rows] == ["A"]
    assert [error.reason for error in result.errors] == [
        '"m1" is already the id of line 2',
        '"M1" is already the id of line 2',
    ]


def test_every_fault_of_a_row_is_told() -> None:
    result = movies(",,1010-12-02,5520")
    assert {error.column for error in result.errors} == {"id", "title", "release_date", "runtime_min"}


def test_over_long_titles_are_refused() -> None:
    result = movies(f"m1,{'x' * 201},,", f"m2,{'x' * 200},,")
    assert [row.id for row in result.rows] == ["m2"]
    assert [error.column for error in result.errors] == ["title"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("synopsis", "x" * 5001),
        ("country_codes", "US;usa"),
        ("language_codes", "English"),
        ("kind", "cat video"),
        ("slug", "Not A Slug"),
        ("poster", "../secret.svg"),
        ("poster", "poster.exe"),
        ("trailer_url", "javascript:alert(1)"),
        ("trailer_url", "ftp://example.org/x"),
        ("trailer_url", "data:text/html,x"),
    ],
)
def test_cells_that_could_do_harm_are_refused(column: str, value: str) -> None:
    assert movie_errors(column, value) == [(2, column)]


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("HTTP://WWW.CINE.COM.BR", "http://www.cine.com.br"),
        ("www.cine.com/x", "http://www.cine.com/x"),
        ("HTTP://", ""),
        ("https://example.org:8080/a?b=c", "https://example.org:8080/a?b=c"),
        ("someone@example.org", ""),
        ("@cine", ""),
        ("JAVA script:alert(1)", ""),
        ("https://user:pass@example.org/", ""),
        ("http:\\\\example.org", ""),
        ("http://[::1", ""),
    ],
)
def test_web_addresses_are_mended_or_left_out(value: str, address: str) -> None:
    assert the_cinema("website", value).website == address


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("timezone", "Paris"),
        ("timezone", "localtime"),
        ("timezone", "../etc/passwd"),
        ("timezone", ""),
        ("currency", "EURO"),
        ("currency", "XXX"),
        ("country_code", "FRA"),
        ("name", " "),
        ("city", ""),
        ("lat", "91"),
        ("lon", "-180.5"),
        ("lat", "north"),
        ("screens", "-1"),
        ("seats", "many"),
        ("id", "a b"),
        ("tax_percent", "101"),
        ("booking_fee", "1.005"),
        ("booking_fee", "-1"),
        ("status", "haunted"),
    ],
)
def test_impossible_cinemas_are_refused(column: str, value: str) -> None:
    assert cinema_errors(column, value) == [column]


def test_decimal_commas_are_understood() -> None:
    result = cinemas('c1,Rex,Lyon,FR,Europe/Paris,EUR,"45,76","4,83"', header=f"{CINEMA_HEADER},lat,lon")
    assert (result.rows[0].lat, result.rows[0].lon) == (45.76, 4.83)
    assert the_cinema("booking_fee", "1,50").booking_fee == 150
    assert the_cinema("tax_percent", "5,5 %").tax_percent == Decimal("5.5")


def test_a_latitude_needs_a_longitude() -> None:
    assert cinema_errors("lat", "45.7") == ["lon"]


def test_fees_are_read_in_the_currencys_own_minor_units() -> None:
    header = f"{CINEMA_HEADER},booking_fee"
    result = cinemas("c1,A,Tokyo,JP,Asia/Tokyo,JPY,150", "c2,B,Tunis,TN,Africa/Tunis,TND,1.25", header=header)
    assert [row.booking_fee for row in result.rows] == [150, 1250]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_at_all_make_the_parser_fail(data: bytes, with_header: bool) -> None:
    result = parse_movies((b"id,title,runtime_min\n" if with_header else b"") + data)
    assert all(error.reason for error in result.errors)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), max_size=6))
def test_whatever_the_title_the_row_below_is_read(titles: list[str]) -> None:
    quoted = [f'm{index},"{title.replace(chr(34), chr(34) * 2)}"' for index, title in enumerate(titles)]
    result = movies(*quoted, "last,The End", header="id,title")
    assert result.rows[-1].title == "The End"
    assert len(result.rows) + len({error.line for error in result.errors}) == len(titles) + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("Amélie", "AMELIE"), ("Łódź", "lodz"), ("Straße", "STRASSE"), ("Ærø", "aero"), ("가", "가")],
)
def test_folding_makes_spellings_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_slugs_are_plain() -> None:
    assert slugify("L'Œuvre d'Été: 2 – Rêve!") == "loeuvre-dete-2-reve"
    assert slugify("神女", "m17") == "m17"
    assert len(slugify("ab " * 100)) <= 80


def test_tidying_keeps_joiners_and_drops_what_hides() -> None:
    assert tidy(" a\u202eb\t\u00a0c\u200d ") == "ab c\u200d"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("https://video.example/a", "https://video.example/a"),
        ("video.example/a", "https://video.example/a"),
        ("http://video.example/a", ""),
    ],
)
def test_a_trailer_is_taken_from_an_encrypted_page_alone(told, kept):
    result = parse_movies(f"id,title,trailer_url\nm1,Sunrise,{told}\n".encode())
    assert result.rows[0].trailer_url == kept
    assert [note.column for note in result.notes] == ([] if kept else ["trailer_url"])


def test_a_file_says_which_columns_it_has():
    assert parse_movies(b"id,title,runtime\nm1,Sunrise,94\n").columns == {"id", "title", "runtime_min"}
