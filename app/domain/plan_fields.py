"""Reads typed values out of a parsed JSON file and says where in it a value is wrong. Knows no rule about
seats."""

from __future__ import annotations

import json
from typing import Any

from app.domain.text import tidy

MAX_TEXT = 8_000_000
"""Characters; a plan of the largest size, written generously, has about a million."""
FARTHEST = 1e7

Json = dict[str, Any]


class PlanError(ValueError):
    """A plan that can't be taken; `place` says where in the file, as a path such as
    zones[0].rows[3].seats[7]."""

    def __init__(self, message: str, place: str = "") -> None:
        self.message = message
        self.place = place
        super().__init__(f"{place}: {message}" if place else message)


def loaded(source: str | bytes) -> Any:
    if len(source) > MAX_TEXT:
        raise PlanError(f"the file is larger than {MAX_TEXT // 1_000_000} MB, which no seating plan needs")
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source.removeprefix("\ufeff")
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise PlanError(f"this is not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise PlanError(f"this is not JSON: {error.msg}", f"line {error.lineno}, column {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise PlanError("this JSON is nested too deeply or holds a number without end") from error


def join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "true or false",
}


def _found(value: Any) -> str:
    return _WORDS.get(type(value), "nothing")


def an_object(value: Any, place: str) -> Json:
    if not isinstance(value, dict):
        raise PlanError(f"must be an object, here is {_found(value)}", place)
    return value


def _get(parent: Json, key: str, place: str) -> Any:
    if key not in parent:
        raise PlanError("is missing", join(place, key))
    return parent[key]


def a_list(parent: Json, key: str, place: str) -> list[Any]:
    value = _get(parent, key, place)
    if not isinstance(value, list):
        raise PlanError(f"must be a list, here is {_found(value)}", join(place, key))
    return value


def a_text(parent: Json, key: str, place: str, longest: int, *, empty: bool = False) -> str:
    value = _get(parent, key, place)
    if not isinstance(value, str):
        raise PlanError(f"must be a text in quotes, here is {_found(value)}", join(place, key))
    value = tidy(value)
    if not value and not empty:
        raise PlanError("is empty", join(place, key))
    if len(value) > longest:
        raise PlanError(f"has {len(value)} characters, at most {longest} are possible", join(place, key))
    return value


def a_number(parent: Json, key: str, place: str) -> float:
    value = _get(parent, key, place)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PlanError(f"must be a number, here is {_found(value)}", join(place, key))
    if not -FARTHEST <= value <= FARTHEST:  # also false for NaN
        raise PlanError("must be a finite number of a sensible size", join(place, key))
    return float(value)


def a_position(parent: Json, place: str, *, needed: bool = True) -> tuple[float, float]:
    if not needed and parent.get("position") is None:
        return 0.0, 0.0
    where = join(place, "position")
    position = an_object(_get(parent, "position", place), where)
    return a_number(position, "x", where), a_number(position, "y", where)
