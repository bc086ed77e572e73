"""The PDF renderer's borders: what a page may reach."""

from __future__ import annotations

import gc

import pytest
from weasyprint.formatting_structure.boxes import Box

from app.adapters.pdf import FOLDER, ForbiddenAddress, OwnFiles, render_pdf

PICTURES = {"poster.svg": "<svg/>"}


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1/x.svg",
        "https://example.org/x.svg",
        "data:image/svg+xml,<svg/>",
        "ftp://example.org/x.svg",
        "MARQUEE:dots.svg",
        "marquee:../base.html",
        "marquee:/etc/passwd",
        "marquee:fonts/../../mail/layout.html",
    ],
)
def test_an_address_that_is_not_ours_is_refused(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        OwnFiles(PICTURES).fetch(address)


def test_our_own_files_and_the_given_pictures_are_served() -> None:
    files = OwnFiles(PICTURES)
    assert files.fetch("marquee:poster.svg").read() == b"<svg/>"
    assert files.fetch("marquee:dots.svg").read() == (FOLDER / "dots.svg").read_bytes()


def test_nothing_of_a_drawn_page_is_left_lying() -> None:
    """Its boxes point at each other: without the collector they stay, 3 MB a page."""
    gc.disable()
    try:
        for _ in range(2):
            assert render_pdf("<p>Row A, seat 1</p>", "tickets.css", {}).startswith(b"%PDF")
        assert not [one for one in gc.get_objects() if isinstance(one, Box)]
    finally:
        gc.enable()
