"""Seats out of use: of one show on its map, of an auditorium while something is mended."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.blueprints.staff import pages
from app.domain.staff import Role
from app.errors import ConcurrentModification, Invalid, SeatsTaken
from app.queries.seat_blocks import (
    BlockHead,
    BlockRow,
    Letters,
    Taken,
    block_of_screen,
    blocks_of,
    coming_shows,
    head_of_screen,
    head_of_show,
    letters_of_screen,
    letters_of_show,
    waiting_for,
    who_has,
)
from app.queries.seat_map import seat_map
from app.services.block_changes import BlockChange, BlockChanged, change_screen_block
from app.services.blocking import block_screen, block_seats, lift_screen_block, put_back
from app.web.block_cells import BlockCells, block_cells
from app.web.block_forms import BlockForm, ScreenBlockForm
from app.web.guards import staff
from app.web.once import once
from app.web.render import render
from app.web.staff import StaffHouse
from app.web.staff_forms import first_error

MOST_SEATS = 5000
"""More boxes than any auditorium has seats are nobody's wish."""


@pages.get("/shows/<int:show_id>/seats")
@staff(Role.MANAGER)
def show_seats(house: StaffHouse, show_id: int) -> Response:
    """The map of one show on which its seats are taken out of use and put back."""
    return _show_page(house, show_id, BlockForm())


def _show_page(
    house: StaffHouse, show_id: int, form: BlockForm, status: int = 200, problem: str = "", taken: Any = ()
) -> Response:
    head = head_of_show(show_id)
    letters = letters_of_show(head)
    cells = block_cells(head.layout_id or 0, head.price_list_id)
    if len(letters.states) != len(cells.layout.seats):
        raise ConcurrentModification("The show has just got another version of its seats. Open this page again.")
    return render(
        "staff/blocks/show.html", status_code=status, house=house, form=form, problem=problem, taken=taken,
        **_map(head, cells, letters),
    )  # fmt: skip


def _map(head: BlockHead, cells: BlockCells, letters: Letters) -> dict[str, Any]:
    chosen = cells.layout.by_id.keys() & set(_seats())
    blocks = blocks_of(head)
    return {
        "head": head,
        "grid": cells.map(letters.states, chosen),
        "letters": letters,
        "counts": {letter: letters.states.count(letter) for letter in "fhsb"},
        "blocks": blocks,
        "seen": ",".join(str(block.id) for block in blocks),
    }


def _seats() -> list[int]:
    """The ticked boxes."""
    return request.form.getlist("seats", type=int)[:MOST_SEATS]


@pages.post("/shows/<int:show_id>/seats")
@staff(Role.MANAGER)
@once(lambda made, show_id: url_for("staff.show_seats", show_id=show_id))
def change_show_seats(house: StaffHouse, show_id: int) -> AnyResponse:
    form, seats = BlockForm(), _seats()
    if not form.validate_on_submit():
        return _show_page(house, show_id, form, 422)
    try:
        if request.form.get("do") == "back":
            flash(
                f"{_count(put_back(house.by, show_id, seats, form.reason.data, form.seen_blocks))} back in use.", "ok"
            )
        else:
            done = block_seats(house.by, show_id, seats, form.reason.data)
            flash(f"{_count(done)} out of use now." if done else "These seats were out of use already.", "ok")
    except SeatsTaken as refused:
        taken = who_has(show_id, refused.details["taken"])
        return _show_page(house, show_id, form, 409, _sentence(taken), taken)
    except (Invalid, ConcurrentModification) as refused:
        return _show_page(house, show_id, form, refused.status, refused.message)
    return redirect(url_for("staff.show_seats", show_id=show_id), 303)


def _count(seats: int) -> str:
    return "1 seat is" if seats == 1 else f"{seats} seats are"


def _sentence(taken: tuple[Taken, ...]) -> str:
    if not taken:
        return "Some of these seats were held at that moment and are free again. Try once more."
    if len(taken) == 1:
        return "This seat is somebody's and can't be blocked; nothing was changed. Leave it out, or change the booking first."
    return "These seats are somebody's and can't be blocked; nothing was changed. Leave them out, or change the bookings first."


@pages.get("/shows/<int:show_id>/seats/now")
@staff(Role.MANAGER)
def show_seats_now(house: StaffHouse, show_id: int) -> Response:
    """The letters of the map for the script that keeps the page true; 204 while ?v= names them."""
    now = seat_map(show_id)
    if not now.states or request.args.get("v") == now.version:
        return Response(status=204)
    return jsonify({"v": now.version, "states": now.states})


@pages.get("/screens/<int:screen_id>/blocks")
@staff(Role.MANAGER)
def screen_blocks(house: StaffHouse, screen_id: int) -> Response:
    """What is out of use in an auditorium, and who has seats there all the same."""
    return _screen_page(house, screen_id, ScreenBlockForm(house.zone))


def _screen_page(
    house: StaffHouse, screen_id: int, form: ScreenBlockForm, status: int = 200, problem: str = ""
) -> Response:
    head = head_of_screen(screen_id)
    if head.layout_id is None:
        return render("staff/blocks/no_plan.html", status_code=status, house=house, head=head)
    cells = block_cells(head.layout_id, None)
    return render(
        "staff/blocks/screen.html", status_code=status, house=house, form=form, problem=problem,
        waiting=waiting_for(screen_id), coming=coming_shows(screen_id), **_map(head, cells, letters_of_screen(head)),
    )  # fmt: skip


@pages.post("/screens/<int:screen_id>/blocks")
@staff(Role.MANAGER)
@once(lambda made, screen_id: url_for("staff.screen_blocks", screen_id=screen_id))
def block_in_screen(house: StaffHouse, screen_id: int) -> AnyResponse:
    form = ScreenBlockForm(house.zone)
    if not form.validate_on_submit():
        return _screen_page(house, screen_id, form, 422)
    try:
        done = block_screen(house.by, screen_id, _seats(), form.reason.data, form.begins.instant, form.ends.instant)
    except Invalid as refused:
        return _screen_page(house, screen_id, form, 422, refused.message)
    flash(f"Done. {_count(done.seats)} out of use now in {_shows(done.shows)}; shows published later follow.", "ok")
    return redirect(url_for("staff.screen_blocks", screen_id=screen_id), 303)


def _shows(count: int) -> str:
    return "1 coming show" if count == 1 else f"{count} coming shows"


@pages.get("/screens/<int:screen_id>/blocks/<int:number>")
@staff(Role.MANAGER)
def screen_block(house: StaffHouse, screen_id: int, number: int) -> AnyResponse:
    """One block of an auditorium to change: its seats ticked on the map, its time and its reason."""
    head = head_of_screen(screen_id)
    block = block_of_screen(head, number)
    if block is not None:
        return _block_page(house, head, block, ScreenBlockForm(house.zone, block))
    flash("That block was ended or changed meanwhile, or its time is over. This is what is out of use now.", "warn")
    return redirect(url_for("staff.screen_blocks", screen_id=screen_id), 303)


def _block_page(
    house: StaffHouse, head: BlockHead, block: BlockRow, form: ScreenBlockForm, status: int = 200, problem: str = ""
) -> Response:
    cells, letters = block_cells(head.layout_id or 0, None), letters_of_screen(head)
    ticked = cells.layout.by_id.keys() & set(_seats() if form.is_submitted() else block.seat_ids)
    return render(
        "staff/blocks/change.html", status_code=status, house=house, form=form, problem=problem, head=head, block=block,
        grid=cells.map(letters.states, ticked), letters=letters, free=letters.states.count("f"),
        blocked=letters.states.count("b"),
    )  # fmt: skip


@pages.post("/screens/<int:screen_id>/blocks/<int:number>")
@staff(Role.MANAGER)
@once(lambda made, screen_id, number: url_for("staff.screen_blocks", screen_id=screen_id))
def change_block(house: StaffHouse, screen_id: int, number: int) -> AnyResponse:
    """The number says which block the page showed: one that somebody else changed has another by now."""
    head = head_of_screen(screen_id)
    kept = block_of_screen(head, number)
    form = ScreenBlockForm(house.zone, kept)
    if not form.validate_on_submit():
        return _not_changed(house, head, kept, form, first_error(form), 422)
    try:
        wanted = BlockChange(frozenset(_seats()), form.reason.data or "", form.begins.instant, form.ends.instant)
        done = change_screen_block(house.by, screen_id, number, wanted)
    except Invalid as refused:
        return _not_changed(house, head, kept, form, refused.message, refused.status)
    except ConcurrentModification as refused:
        return _screen_page(house, screen_id, ScreenBlockForm(house.zone), refused.status, refused.message)
    flash(*((_what_was_done(done, screen_id), "ok") if done else ("Nothing was different.", "note")))
    return redirect(url_for("staff.screen_blocks", screen_id=screen_id), 303)


def _not_changed(
    house: StaffHouse, head: BlockHead, kept: BlockRow | None, form: ScreenBlockForm, words: str, status: int
) -> Response:
    """The form once more; where the block is over meanwhile, what is out of use now."""
    if kept is None:
        return _screen_page(house, head.screen_id, form, status, words)
    return _block_page(house, head, kept, form, status, "" if form.errors else words)


def _what_was_done(done: BlockChanged, screen_id: int) -> str:
    words = [f"{_count(seats)} {state}" for seats, state in ((done.out, "out of use"), (done.back, "free")) if seats]
    follows = f"{' and '.join(words)} now in {_shows(done.shows)}" if words else "no seat of a coming show changes"
    somebodys = {one.seat for one in waiting_for(screen_id)}
    theirs = [name for name in done.names if name in somebodys]
    if not theirs:
        return f"The block is changed: {follows}."
    return f"The block is changed: {follows}. {', '.join(theirs)} {'is' if len(theirs) == 1 else 'are'} somebody's, see below."


@pages.post("/screens/<int:screen_id>/blocks/lift")
@staff(Role.MANAGER)
def lift_in_screen(house: StaffHouse, screen_id: int) -> AnyResponse:
    form = BlockForm()
    if not form.validate_on_submit():
        return _screen_page(house, screen_id, ScreenBlockForm(house.zone), 422, first_error(form))
    block_id = request.form.get("block", 0, type=int)
    try:
        done = lift_screen_block(house.by, screen_id, block_id, form.reason.data)
    except ConcurrentModification as refused:
        return _screen_page(house, screen_id, ScreenBlockForm(house.zone), 409, refused.message)
    flash(f"Done. {_count(done.seats)} free again in {_shows(done.shows)}.", "ok")
    return redirect(url_for("staff.screen_blocks", screen_id=screen_id), 303)
