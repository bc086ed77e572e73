"""Tables of films: looked at first, then taken in."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from app.models import AuditEntry, FilmFile, Movie
from tests.support.client import PageClient, soup, words
from tests.support.films import TABLE, count, file_of, send


def send_table(client: PageClient, table: str | bytes, name: str = "films.csv") -> Any:
    data = table.encode() if isinstance(table, str) else table
    token = client.token("/staff/films/import")
    return send(client, "/staff/films/import", {"file": file_of(data, name), "csrf_token": token})


def take_in(client: PageClient, plan: str | None = None) -> Any:
    page = soup(client.get("/staff/films/import"))
    shown = page.find("input", attrs={"name": "plan"})
    sent = {"plan": plan if plan is not None else str(shown["value"])}  # type: ignore[index]
    return client.post_form("/staff/films/import/take-in", sent, page="/staff/films/import")


def test_a_table_is_looked_at_and_then_taken_in(ruth: PageClient):
    assert send_table(ruth, TABLE).status_code == 303
    page = words(ruth.get("/staff/films/import"))
    assert "2 new, 0 changed, 0 as they are, 0 left out. Nothing is written yet." in page
    assert count(Movie) == 0
    assert take_in(ruth).status_code == 303
    assert count(Movie) == 2
    assert count(FilmFile) == 0
    assert count(AuditEntry) == 2


def test_changes_are_shown_from_what_to_what(ruth: PageClient):
    send_table(ruth, TABLE)
    take_in(ruth)
    send_table(ruth, TABLE.replace("122", "125").replace("Comedy;Romance", "Comedy"))
    page = words(ruth.get("/staff/films/import"))
    assert "0 new, 1 changed, 1 as they are" in page
    assert "Running time: from 122 → to 125" in page
    assert "Genres: from Comedy; Romance → to Comedy" in page


def test_a_table_is_not_taken_in_as_something_else_than_was_shown(ruth: PageClient, joe: PageClient):
    send_table(ruth, TABLE)
    shown = str(soup(ruth.get("/staff/films/import")).find("input", attrs={"name": "plan"})["value"])  # type: ignore[index]
    send_table(joe, TABLE)
    take_in(joe)
    answer = take_in(ruth, shown)
    assert answer.status_code == 409
    assert "0 new, 0 changed, 2 as they are" in words(answer)
    assert count(Movie) == 2


@pytest.mark.parametrize("plan", ["", "0" * 64, "x"])
def test_a_plan_that_was_never_shown_is_refused(ruth: PageClient, plan: str):
    send_table(ruth, TABLE)
    assert take_in(ruth, plan).status_code == 409
    assert count(Movie) == 0


def test_a_bad_row_is_told_by_line_column_and_reason(ruth: PageClient):
    send_table(ruth, TABLE + "m3,,90,\n")
    page = soup(ruth.get("/staff/films/import"))
    rows = [[cell.get_text() for cell in row.select("td")] for row in page.select("table")[0].select("tbody tr")]
    assert rows == [["4", "title", "is empty", "left out"]]
    take_in(ruth)
    assert count(Movie) == 2


def test_the_errors_come_as_a_file_whose_cells_run_nothing(ruth: PageClient):
    rows = '=cmd|"/C calc"!A0,X,90\n+1+1,Y,90\nm1,Z,=1+1\n@SUM(A1),Q,90\n'.replace('"', "'")
    send_table(ruth, f"id,title,runtime_min\n{rows}m9,Good,90\n")
    answer = ruth.get("/staff/films/import/errors.csv")
    assert answer.mimetype == "text/csv"
    table = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert table[0] == ["line", "column", "reason"]
    assert [row[:2] for row in table[1:]] == [["2", "id"], ["3", "id"], ["4", "runtime_min"], ["5", "id"]]
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_a_formula_in_a_column_s_name_is_defused(ruth: PageClient):
    send_table(ruth, "id,title,id\nx,y,z\n=1,Film,\n")
    send_table(ruth, "id,title,=HYPERLINK(1)\nm1,Good,x\n")
    page = words(ruth.get("/staff/films/import"))
    assert "Columns that mean nothing here: =HYPERLINK(1)." in page


def test_formulas_in_cells_are_kept_as_words_and_shown_as_words(ruth: PageClient):
    send_table(ruth, "id,title,synopsis\nm1,=1+1,<script>alert(1)</script>\n")
    assert "Synopsis: <script>alert(1)</script>" in words(ruth.get("/staff/films/import"))
    take_in(ruth)
    assert "=1+1" in words(ruth.get("/staff/films"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"name,year\nx,1\n", 'lacks the column "id"'),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "lacks the column"),
        (b"id,title\n" + b"x" * 2_000_001, "at most 2 MB"),
    ],
)
def test_what_is_no_table_is_refused_at_its_field(ruth: PageClient, data: bytes, said: str):
    answer = send_table(ruth, data)
    assert answer.status_code == 422
    assert said in soup(answer).select_one("#file-why").get_text()  # type: ignore[union-attr]
    assert count(FilmFile) == 0


def test_no_table_at_all_is_told_and_one_too_many_bytes_too(ruth: PageClient):
    nothing = ruth.post_form("/staff/films/import", {}, page="/staff/films/import")
    assert nothing.status_code == 422
    assert "Choose a file first." in words(nothing)
    assert send_table(ruth, b"x" * (5 * 1024 * 1024)).status_code == 413
    gone = ruth.get("/staff/films/import/errors.csv", follow_redirects=True)
    assert "There is no table any more." in words(gone)


def test_a_table_is_put_away(ruth: PageClient):
    send_table(ruth, TABLE)
    ruth.post_form("/staff/films/import/discard", page="/staff/films/import")
    assert count(FilmFile) == count(Movie) == 0
    assert "Nothing is written yet" not in words(ruth.get("/staff/films/import"))


def test_a_table_that_was_taken_in_is_not_taken_in_again(ruth: PageClient):
    send_table(ruth, TABLE)
    plan = str(soup(ruth.get("/staff/films/import")).find("input", attrs={"name": "plan"})["value"])  # type: ignore[index]
    take_in(ruth)
    again = ruth.post_form("/staff/films/import/take-in", {"plan": plan}, page="/staff/films/import")
    assert again.status_code == 404
    assert "Upload it again" in words(again)
    assert count(Movie) == 2


def test_nobody_sees_the_table_of_another(ruth: PageClient, joe: PageClient):
    send_table(ruth, TABLE)
    assert "Amélie" not in words(joe.get("/staff/films/import"))


def test_the_empty_table_can_be_filled_and_taken_in(ruth: PageClient):
    header = ruth.get("/staff/films/import/empty.csv").get_data(as_text=True).strip()
    columns = header.removeprefix("\ufeff").split(",")
    assert columns[:2] == ["id", "title"]
    row = ["m1", "Sunrise", *("" for _ in columns[2:])]
    send_table(ruth, f"{header}\n{','.join(row)}\n")
    page = words(ruth.get("/staff/films/import"))
    assert "1 new" in page
    assert "Columns that mean nothing" not in page
