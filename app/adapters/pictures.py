"""Pictures that somebody uploads, made into posters: decoded, cut to 2:3, and encoded anew, so that nothing of the file
but what can be seen is kept. One at a time, for a large picture takes 160 MB while it is open."""

from __future__ import annotations

import io
from threading import Lock
from typing import Any

import structlog
from PIL import Image, ImageCms, ImageFile, ImageOps

from app.domain.poster_sizes import LARGEST, WIDTHS, height_of
from app.errors import BadPicture

log = structlog.get_logger(__name__)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 40_000_000
LEAST_WIDTH, LEAST_HEIGHT = 300, 400
MOST_CUT = 0.35
"""Of a picture whose shape would lose more than this, nothing is cut: it stands on a matte."""
QUALITIES = (82, 74, 64, 52, 40, 28, 18, 8)
NOT_READ = "This is no picture that can be read. Take a JPEG, PNG, WebP or AVIF file."
BROKEN = "This picture is damaged or not whole. Save it again and upload that."
_one_at_a_time = Lock()


def make_poster(data: bytes) -> dict[int, bytes]:
    """The picture as WebP in each width of WIDTHS. Raises BadPicture with a sentence."""
    if not data:
        raise BadPicture("This file is empty.")
    if len(data) > MOST_BYTES:
        raise BadPicture(f"This file has {len(data) / 1024 / 1024:.1f} MB. A poster may have at most 12 MB.")
    with _one_at_a_time:
        large = _large(_opened(data))
        return {width: _encoded(large, width, most) for width, most in WIDTHS.items()}


def _opened(data: bytes) -> Image.Image:
    """The picture with its header read and its size judged; not one pixel of it is unpacked yet."""
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        raise _too_many() from problem
    except Exception as problem:  # a hostile header raises whatever it likes
        raise BadPicture(NOT_READ) from problem
    wide, high = picture.size
    if wide * high > MOST_PIXELS:
        raise _too_many()
    if wide < LEAST_WIDTH or high < LEAST_HEIGHT:
        raise BadPicture(
            f"This picture is {wide} × {high} pixels. A poster needs at least {LEAST_WIDTH} × {LEAST_HEIGHT}."
        )
    return picture


def _too_many() -> BadPicture:
    return BadPicture(f"This picture has more than {MOST_PIXELS // 1_000_000} million pixels. Save it smaller.")


def _large(picture: Image.Image) -> Image.Image:
    """The first frame, upright, in sRGB, in the shape and the largest width of a poster."""
    # WeasyPrint sets this for the whole process, and half a picture would pass for a whole one.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        picture.draft("RGB", (LARGEST * 2, height_of(LARGEST) * 2))  # JPEGs alone: unpacked at a fraction of their size
        picture.load()
        return _shaped(_in_srgb(ImageOps.exif_transpose(picture)))
    except Exception as problem:  # as above
        log.info("picture_refused", problem=type(problem).__name__)
        raise BadPicture(BROKEN) from problem


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I;16") or picture.mode == "I":
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
        picture = _on_white(picture.convert("RGBA"))
    return (_by_profile(picture, profile) if profile else picture).convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


def _by_profile(picture: Image.Image, profile: Any) -> Image.Image:
    """The colours that the profile means; a profile that is broken or of another kind of picture is passed over."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        into = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, source, into, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture


def _shaped(picture: Image.Image) -> Image.Image:
    """2:3: cut at the sides that are too long, or whole on a matte in its own darkened colour."""
    size = (LARGEST, height_of(LARGEST))
    shape = picture.width / picture.height * 3 / 2
    if 1 - min(shape, 1 / shape) <= MOST_CUT:
        return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
    red, green, blue = picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    return ImageOps.pad(picture, size, Image.Resampling.LANCZOS, color=(red // 3, green // 3, blue // 3))


def _encoded(large: Image.Image, width: int, most: int) -> bytes:
    """As WebP in this width, in the best quality that keeps within so many bytes."""
    small = large if width == large.width else large.resize((width, height_of(width)), Image.Resampling.LANCZOS)
    clean = Image.frombytes("RGB", small.size, small.tobytes())  # nothing but pixels comes along
    content = b""
    for quality in QUALITIES:
        out = io.BytesIO()
        clean.save(out, "WEBP", quality=quality, method=4)
        content = out.getvalue()
        if len(content) <= most:
            break
    return content


def as_jpeg(content: bytes) -> bytes:
    """One of our own posters as JPEG: PDFs hold JPEGs as they are, and everything else unpacked."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(content), formats=("WEBP",)) as picture:
        picture.convert("RGB").save(out, "JPEG", quality=84, optimize=True)
    return out.getvalue()
