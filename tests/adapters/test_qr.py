"""QR codes: small, and readable by somebody else's reader."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.exceptions import DataOverflowError
from weasyprint import HTML

from app.adapters.qr import QUIET, VERSION, qr_code
from app.domain.ticket_payload import BASE45, MAX_BYTES, to_base45

LONGEST = to_base45(bytes(range(MAX_BYTES)))
SIDE = 17 + 4 * VERSION + 2 * QUIET


def pixels(svg: str):
    """The code as a picture of about 300 pixels, drawn by a renderer that is not ours."""
    page = HTML(string=f"<style>@page{{size:80mm;margin:0}}svg{{width:80mm;display:block}}</style>{svg}")
    pdf = pypdfium2.PdfDocument(io.BytesIO(page.write_pdf()))
    return pdf[0].render(scale=1.4).to_pil().convert("L")


@settings(max_examples=8, deadline=None)
@given(st.text(BASE45, min_size=1, max_size=len(LONGEST)))
def test_a_reader_gives_back_what_was_written(text: str) -> None:
    read = zxingcpp.read_barcodes(pixels(qr_code(text).svg))
    assert [code.text for code in read] == [text]


def test_the_longest_ticket_fits() -> None:
    assert len(LONGEST) == 150
    assert qr_code(LONGEST).svg


def test_more_than_fits_is_refused() -> None:
    with pytest.raises(DataOverflowError):
        qr_code("A" * 155)


def test_it_is_small_has_its_quiet_zone_and_nothing_inline() -> None:
    svg = qr_code(LONGEST).svg
    assert len(svg) < 3500
    assert ElementTree.fromstring(svg).attrib["viewBox"] == f"0 0 {SIDE} {SIDE}"
    assert "style" not in svg
    starts = [int(x) for x in re.findall(r"M(\d+) ", svg.partition("stroke=")[2])]
    assert min(starts) == QUIET
