"""A buyer in a browser without JavaScript: chooses, holds, pays in the sandbox."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.models import Show
from tests.support.client import PageClient, soup

ADA = {"name": "Ada Byron", "email": "ada@example.org", "phone": ""}


class Buyer(PageClient):
    def hold(self, show: Show, seats: list[Any], **kwargs: Any) -> TestResponse:
        return self.post_form(f"/shows/{show.id}/hold", {"seats": seats}, **kwargs)

    def held(self, show: Show, seats: list[int]) -> str:
        """Hold these seats; gives the booking's code."""
        response = self.hold(show, seats)
        assert response.status_code == 303, response.get_data(as_text=True)[-500:]
        return response.location.split("/")[-2]

    def pay(self, code: str, **values: Any) -> TestResponse:
        return self.post_form(f"/bookings/{code}/pay", {**ADA, "method": "sandbox:card", **values})

    def press(self, address: str, button: str) -> TestResponse:
        """A button of the sandbox's pay page."""
        return self.post_form(address, {"do": button, "mode": "card"}, page=address)

    def booked(self, show: Show, seats: list[int]) -> str:
        """Hold and pay; gives the booking's code."""
        code = self.held(show, seats)
        back = self.press(self.pay(code).location, "pay")
        assert self.get(back.location).status_code == 303
        return code


def a_buyer(app: Flask) -> Buyer:
    app.test_client_class = Buyer
    return app.test_client()  # type: ignore[return-value]


def ticked(response: TestResponse) -> list[int]:
    """The seats that the page has chosen."""
    boxes = soup(response).select("#seats input[checked], #list input[checked]")
    return [int(str(box["value"])) for box in boxes]


def total(response: TestResponse) -> str:
    found = soup(response).select_one("#total")
    assert found is not None
    return found.get_text()


def version(response: TestResponse) -> str:
    return str(re.search(r'data-v="?([\d.]+)', response.get_data(as_text=True)).group(1))  # type: ignore[union-attr]
