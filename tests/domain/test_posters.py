"""Posters: what every poster promises, whatever the film. How they look is judged by eye."""

from __future__ import annotations

import gzip
import itertools
import math
import re
import statistics
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.posters import PosterFilm, poster_svg
from app.domain.posters.choice import (
    ANY_GENRE,
    COMPOSITIONS,
    GENRES,
    HINTS,
    SYNOPSIS_HINT,
    TITLE_HINT,
    Choice,
    bag_of,
    choose,
)  # fmt: skip
from app.domain.posters.compositions import DRAWERS
from app.domain.posters.faces import drawable, face
from app.domain.posters.lettering import SMALL_WORDS, set_title
from app.domain.posters.palettes import PALETTES, Palette, contrast, mix, multiply
from app.domain.posters.poster import drawn
from app.domain.posters.sheet import Art, Sheet

SVG = "{http://www.w3.org/2000/svg}"
DRAWN_WITH = {"svg", "title", "g", "path", "rect", "circle", "ellipse", "clipPath"}
NASTY_TITLES = (
    "", " ", "A", "Z" * 300, "word " * 60, "a " * 150, "<script>alert(1)</script>", "\"'&]]>", "七人の侍",
    "Сталкер", "🎬🎬🎬", "7人の侍", "Amélie: Ünïcødé ŁÓDŹ", "::: : :", "The Of And: The", "½",
    "null\x00byte\ufffe", "\ud800", "\u202ertl", "zero\u200bwidth", "Mission: Impossible – Dead Reckoning",
)  # fmt: skip


def a_film(number: int = 1, **facts: object) -> PosterFilm:
    genres = tuple(GENRES)
    defaults: dict[str, object] = {
        "id": f"film-{number}",
        "title": ("The Long Way Home", "Night Train", "Harbour", "What the River Knew: A Story")[number % 4],
        "year": 1920 + number % 100,
        "runtime_minutes": 70 + number % 90,
        "directors": ("Ada Ferrer", "Jo Lindqvist")[: 1 + number % 2],
        "genres": (genres[number % len(genres)].title(), genres[number * 7 % len(genres)].title()),
    }
    return PosterFilm(**(defaults | facts))  # type: ignore[arg-type]


def art_of(film: PosterFilm, composition: str, palette: Palette) -> Art:
    choice = choose(film)
    forced = Choice(composition, palette, "", choice.seed, choice.key)
    return drawn(Sheet.of(film, forced), forced)


def elements_of(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter())


def assert_sound(svg: str) -> None:
    elements = elements_of(svg)
    assert {element.tag.removeprefix(SVG) for element in elements} <= DRAWN_WITH
    names = {name for element in elements for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or name in ("style", "href", "class", "filter")}
    values = " ".join(value for element in elements for value in element.attrib.values())
    assert not re.search(r"nan|inf|\d\.\d{3}|e-\d", values)
    assert set(re.findall(r"url\([^)]*\)", values)) == {f"url(#{e.get('id')})" for e in elements if e.get("id")}


def test_the_same_film_always_gets_the_same_poster() -> None:
    assert poster_svg(a_film(3)) == poster_svg(a_film(3))
    assert poster_svg(a_film(3)) != poster_svg(a_film(4))


def test_a_poster_is_a_sheet_of_400_by_600_that_carries_its_title() -> None:
    root = ElementTree.fromstring(poster_svg(a_film(title="Salt & <Iron>", year=1931)))
    assert root.get("viewBox") == "0 0 400 600"
    assert root.findtext(f"{SVG}title") == "Salt & <Iron> (1931)"


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_every_composition_is_sound_in_every_palette(composition: str) -> None:
    for number, palette in enumerate(PALETTES):
        art = art_of(a_film(number), composition, palette)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(art.shapes)}{art.heading.svg}</svg>'
        assert_sound(svg)


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_a_title_stands_out_from_its_ground(composition: str) -> None:
    for number, palette in enumerate(PALETTES * 3):
        heading = art_of(a_film(number), composition, palette).heading
        assert contrast(heading.fill, heading.ground) >= 3
        assert heading.fill in heading.svg


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_only_palette_colours_and_mixtures_are_used(composition: str) -> None:
    for number, palette in enumerate(PALETTES):
        art = art_of(a_film(number), composition, palette)
        prints = [multiply(one, other) for one, other in itertools.combinations_with_replacement(palette.inks, 2)]
        hull = [rgb(colour) for colour in (*palette.inks, *prints, *(multiply(p, palette.ink) for p in prints))]
        for colour in set(re.findall(r"#[0-9a-f]{6}", "".join(art.shapes) + art.heading.svg)):
            assert distance_from_mixtures(rgb(colour), hull) < 8, colour


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def distance_from_mixtures(goal: tuple[float, ...], hull: list[tuple[float, ...]]) -> float:
    """How far a colour is from the nearest mixture of the others (Frank and Wolfe's steps)."""
    here = min(hull, key=lambda corner: math.dist(corner, goal))
    for _ in range(400):
        away = [g - h for g, h in zip(goal, here, strict=True)]
        if math.hypot(*away) < 3:
            break
        corner = max(hull, key=lambda c: sum(a * (x - h) for a, x, h in zip(away, c, here, strict=True)))
        step = [x - h for x, h in zip(corner, here, strict=True)]
        square = sum(s * s for s in step)
        share = sum(a * s for a, s in zip(away, step, strict=True)) / square if square else 0
        here = tuple(h + min(1, max(0, share)) * s for h, s in zip(here, step, strict=True))
    return math.dist(here, goal)


def test_a_colour_from_outside_the_palette_would_be_noticed() -> None:
    hull = [rgb(colour) for colour in PALETTES[0].inks]
    assert distance_from_mixtures(rgb("#00ff00"), hull) > 50
    assert distance_from_mixtures(rgb(mix(*PALETTES[0].inks[:2], 0.3)), hull) < 8


def test_every_composition_and_palette_is_reached() -> None:
    choices = [choose(a_film(number)) for number in range(600)]
    assert {choice.composition for choice in choices} == set(COMPOSITIONS) == set(DRAWERS)
    assert {choice.palette for choice in choices} == set(PALETTES)


def test_genres_and_hints_name_compositions_that_exist() -> None:
    named = {name for listed in (*GENRES.values(), ANY_GENRE) for name in listed.split()}
    assert named | {name for name, _ in HINTS.values()} == set(COMPOSITIONS)


def test_the_first_genre_weighs_four_the_second_two_the_others_one() -> None:
    bag = bag_of(PosterFilm("x", "Untold", genres=("War", "Spy", "Horror", "Nothing we know")))
    assert (bag.count("hills"), bag.count("beam"), bag.count("shards")) == (4, 2, 1)


def test_a_word_of_the_title_outweighs_one_of_the_synopsis() -> None:
    bag = bag_of(PosterFilm("x", "The Locomotive", synopsis="They walk to the moon.", genres=("Comedy",)))
    assert (bag.count("express"), bag.count("moon")) == (TITLE_HINT, SYNOPSIS_HINT)


def test_a_film_of_no_known_genre_gets_a_poster_too() -> None:
    assert_sound(poster_svg(PosterFilm("x", "Untold")))


@pytest.mark.parametrize("title", NASTY_TITLES)
def test_no_title_breaks_any_composition(title: str) -> None:
    film = a_film(title=title)
    assert_sound(poster_svg(film))
    for number, composition in enumerate(COMPOSITIONS):
        art = art_of(film, composition, PALETTES[number % len(PALETTES)])
        ElementTree.fromstring(f"<g>{''.join(art.shapes)}{art.heading.svg}</g>")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.text(min_size=1, max_size=12), st.text(max_size=60))
def test_any_text_gives_a_sound_poster(title: str, film_id: str, director: str) -> None:
    film = PosterFilm(film_id.encode("utf-8", "replace").decode(), title, 1999, None, (director,), ("Drama",))
    assert_sound(poster_svg(film))


@pytest.mark.parametrize("title", ["七人の侍", "Сталкер", "🎬", "7人の侍"])
def test_a_title_without_drawable_letters_is_named_but_not_lettered(title: str) -> None:
    film = PosterFilm("x", title, directors=(), genres=("Horror",))
    assert art_of(film, "fingers", PALETTES[0]).heading.svg == ""
    assert ElementTree.fromstring(poster_svg(film)).findtext(f"{SVG}title") == title


def test_markup_in_a_film_stays_text() -> None:
    svg = poster_svg(a_film(title="<script>alert('x')</script>", directors=("<b onload=1>",)))
    assert "<script" not in svg
    assert "onload" not in svg


def test_posters_of_two_films_share_no_id() -> None:
    films = [a_film(number, genres=("Fantasy",), title="The Moon") for number in range(12)]
    ids = [set(re.findall(r'id="([^"]+)"', poster_svg(film))) for film in films]
    assert any(ids)
    assert sum(map(len, ids)) == len(set().union(*ids))


def test_the_median_poster_is_small() -> None:
    sizes = [len(gzip.compress(poster_svg(a_film(number)).encode(), 9)) for number in range(200)]
    assert statistics.median(sizes) <= 5500
    assert max(sizes) < 9000


def test_a_title_breaks_into_even_lines_that_do_not_end_in_a_small_word() -> None:
    block = set_title("The Treasure of the Sierra Madre", "board", 360, 110, 80)
    assert 2 <= len(block.lines) <= 3
    assert not any(line.split()[-1] in SMALL_WORDS for line in block.lines[:-1])
    assert block.width <= 360.1


def test_what_follows_a_colon_stands_below_at_17() -> None:
    block = set_title("Sunrise: A Song of Two Humans", "deco", 360, 110, 80)
    assert block.lines == ("SUNRISE",)
    assert block.subtitle is not None
    assert (block.subtitle.lines, block.subtitle.size) == (("A SONG OF TWO HUMANS",), 17)


def test_a_colon_inside_a_time_is_no_subtitle() -> None:
    assert set_title("3:10 to Yuma", "board", 360, 110, 80).subtitle is None


def test_a_very_long_title_is_cut_rather_than_illegible() -> None:
    block = set_title("and so on " * 40, "wide", 360, 90, 44)
    assert block.size >= 11
    assert block.lines[-1].endswith("…")


@pytest.mark.parametrize("name", ["board", "label", "wide", "deco"])
def test_faces_draw_european_capitals_and_fold_what_they_lack(name: str) -> None:
    cut = face(name)
    assert drawable("Amélie à Łódź 1999 – ¿qué?", cut) == "AMÉLIE À ŁÓDŹ 1999 – ¿QUÉ?"
    assert drawable("Hồ Chí", cut) in ("HỒ CHÍ", "HO CHÍ")
    assert drawable("straße 東京", cut) == "STRASSE"


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_a_colour_is_moved_until_it_is_legible(palette: Palette) -> None:
    for ground in palette.inks:
        for fill in palette.inks:
            assert contrast(palette.legible(fill, ground), ground) >= 3
