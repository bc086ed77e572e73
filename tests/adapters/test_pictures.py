"""Uploaded pictures: what is made of good ones, and that bad ones are refused with a sentence, each by its name."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from PIL import Image, ImageCms, ImageFile

from app.adapters.pictures import BROKEN, MOST_BYTES, NOT_READ, as_jpeg, make_poster
from app.domain.poster_sizes import WIDTHS, height_of
from app.errors import BadPicture
from tests.support.pictures import SCRIPT, a_bomb, a_picture, color_at, opened, saved

RED, WHITE = (200, 60, 30), (255, 255, 255)


def near(one: tuple[int, int, int], other: tuple[int, int, int], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_picture_becomes_three_of_two_to_three(kind: str):
    made = make_poster(a_picture(kind))
    assert set(made) == set(WIDTHS)
    for width, content in made.items():
        picture = opened(content)
        assert (picture.format, picture.mode, picture.size) == ("WEBP", "RGB", (width, height_of(width)))
        assert near(color_at(content, 0.8, 0.8), RED)
        assert near(color_at(content, 0.1, 0.1), WHITE)


def test_pure_noise_keeps_within_its_bytes_where_pages_show_many():
    noise = Image.effect_noise((1280, 1920), 90).convert("RGB")
    made = make_poster(saved(noise, "JPEG", quality=95))
    assert len(made[224]) <= WIDTHS[224]
    assert len(made[320]) <= WIDTHS[320]
    assert len(made[640]) <= 200_000, "as much as the table takes"


def test_a_shape_that_is_near_is_cut_and_one_that_is_far_stands_on_a_matte():
    cut = make_poster(a_picture(size=(800, 1000)))[224]
    assert near(color_at(cut, 0.5, 0.98), RED)
    assert near(color_at(cut, 0.5, 0.02), WHITE) or near(color_at(cut, 0.2, 0.02), WHITE)
    wide = make_poster(a_picture(size=(1600, 900)))[224]
    assert max(color_at(wide, 0.5, 0.02)) < 90, "a dark matte above"
    assert near(color_at(wide, 0.9, 0.5), RED)


def test_a_picture_that_lies_on_its_side_is_put_upright():
    picture = Image.new("RGB", (900, 600), RED)
    picture.paste(WHITE, (0, 400, 900, 600))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter to the right to be seen
    made = make_poster(saved(picture, "JPEG", exif=exif.tobytes()))[320]
    assert opened(made).size == (320, 480)
    assert near(color_at(made, 0.1, 0.5), WHITE)
    assert near(color_at(made, 0.9, 0.5), RED)


def test_nothing_but_the_pixels_is_kept():
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x9286] = "secret"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = a_picture(exif=exif.tobytes(), icc_profile=profile, comment=b"for your eyes only")
    assert b"taken at home" in data
    for content in make_poster(data).values():
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(opened(content).info)
        assert not any(one in content for one in (b"home", b"secret", b"eyes", b"EXIF", b"ICCP", b"XMP "))


def test_a_script_behind_a_picture_is_gone():
    for data in (a_picture() + SCRIPT, a_picture("PNG") + SCRIPT, a_picture(comment=SCRIPT)):
        assert SCRIPT in data
        assert not any(b"script" in content for content in make_poster(data).values())


def test_a_zip_behind_a_picture_is_gone():
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("index.html", SCRIPT)
    for content in make_poster(a_picture() + box.getvalue()).values():
        assert not zipfile.is_zipfile(io.BytesIO(content))


def test_printed_colours_become_those_of_a_screen():
    made = make_poster(a_picture(mode="CMYK", color=(0, 200, 220, 20)))[224]
    red, green, blue = color_at(made, 0.5, 0.5)
    assert red > 150 > max(green, blue)


def test_sixteen_bits_of_grey_keep_their_shades():
    picture = Image.new("I;16", (600, 900), 32_768)
    made = make_poster(saved(picture, "PNG"))[224]
    assert near(color_at(made, 0.5, 0.5), (128, 128, 128))


def test_a_palette_with_a_transparent_colour_stands_on_white():
    picture = Image.new("P", (600, 900), 0)
    picture.putpalette([0, 0, 0, 200, 60, 30])
    picture.paste(1, (0, 450, 600, 900))
    made = make_poster(saved(picture, "PNG", transparency=0))[224]
    assert near(color_at(made, 0.5, 0.2), WHITE)
    assert near(color_at(made, 0.5, 0.8), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_stands_on_white(mode: str):
    clear = (0, 0, 0, 0) if mode == "RGBA" else (0, 0)
    made = make_poster(a_picture("PNG", mode=mode, color=clear))[224]
    assert near(color_at(made, 0.5, 0.5), WHITE)


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "AVIF"])
def test_of_a_moving_picture_the_first_frame_is_taken(kind: str):
    first, second = Image.new("RGB", (600, 900), RED), Image.new("RGB", (600, 900), (0, 0, 255))
    made = make_poster(saved(first, kind, save_all=True, append_images=[second]))[224]
    assert near(color_at(made, 0.5, 0.5), RED)


def test_another_profile_is_turned_into_srgb():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    made = make_poster(a_picture(icc_profile=lab))[224]
    assert near(color_at(made, 0.8, 0.8), RED), "a profile of another kind of picture is passed over"
    assert make_poster(a_picture(icc_profile=b"no profile at all"))[224]


BOMB = a_bomb()
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='600' height='900'><script>alert(1)</script></svg>"
REFUSED = {
    "nothing": (b"", "empty"),
    "an SVG with a script": (SVG, NOT_READ),
    "HTML": (b"<!doctype html><title>x</title>" + SCRIPT, NOT_READ),
    "HTML that begins like a JPEG": (b"\xff\xd8\xff\xe0" + SCRIPT * 50, NOT_READ),
    "a GIF with a script for a comment": (b"GIF89a/*" + SCRIPT + b"*/=1;", NOT_READ),
    "a GIF": (a_picture("GIF"), NOT_READ),
    "a TIFF": (a_picture("TIFF"), NOT_READ),
    "a BMP": (a_picture("BMP"), NOT_READ),
    "an icon": (a_picture("ICO", (256, 256)), NOT_READ),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 600 900\n(ls) system\n", NOT_READ),
    "a PDF": (b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj", NOT_READ),
    "a zip": (b"PK\x03\x04" + bytes(200), NOT_READ),
    "a squeezed picture": (gzip.compress(a_picture()), NOT_READ),
    "one pixel": (a_picture("PNG", (1, 1)), "1 × 1"),
    "a strip": (a_picture("PNG", (5000, 20)), "5000 × 20"),
    "a bomb of 30000 × 30000": (BOMB, "40 million"),
    "half a JPEG": (a_picture(quality=95)[:2000], BROKEN),
    "half a PNG": (saved(Image.effect_noise((600, 900), 60), "PNG")[:5000], BROKEN),
    "half a WebP": (saved(Image.effect_noise((600, 900), 60), "WEBP")[:5000], None),
    "a PNG whose data is wrong": (a_picture("PNG").replace(b"IDAT", b"IDAT\xff", 1), None),
    "a header and nothing else": (a_picture("PNG")[:33], None),
    "too many bytes": (a_picture() + bytes(MOST_BYTES), "12 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused_with_a_sentence(name: str):
    data, said = REFUSED[name]
    with pytest.raises(BadPicture) as refusal:
        make_poster(data)
    assert (said or "picture") in refusal.value.message
    assert refusal.value.message.endswith(".")


def test_a_bomb_is_small_and_not_unpacked():
    assert len(BOMB) < 200_000
    just_too_large = a_picture("PNG", (8000, 5001))
    with pytest.raises(BadPicture, match="40 million"):
        make_poster(just_too_large)


def test_half_a_picture_is_refused_also_where_pdfs_are_drawn(monkeypatch: pytest.MonkeyPatch):
    """WeasyPrint, once imported, lets the whole process take half pictures for whole ones."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(BadPicture):
        make_poster(a_picture(quality=95)[:2000])


def test_a_wrong_name_matters_to_nobody():
    """The content says what it is; no name is asked for."""
    assert make_poster(a_picture("PNG")) != make_poster(a_picture("PNG", color=(0, 0, 0)))


def test_the_same_picture_makes_the_same_poster():
    assert make_poster(a_picture()) == make_poster(a_picture())


def test_for_paper_it_becomes_a_jpeg():
    picture = opened(as_jpeg(make_poster(a_picture())[320]))
    assert (picture.format, picture.size, "exif" in picture.info) == ("JPEG", (320, 480), False)
