"""The seat map while others buy: what they change shows, what is yours stays, and what you lose you are told of."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests import builders
from tests.builders import seat_ids


def cell(page: Page, seat_id: int):
    return page.locator(f"#s{seat_id}")


def pick(page: Page, *ids: int) -> None:
    for seat_id in ids:
        cell(page, seat_id).locator("input").click()


def slow_polls(page: Page) -> None:
    """Let no poll through: what the page knows, it knows from its own requests."""
    page.route("**/shows/*/seats?v=*", lambda route: route.fulfill(status=204))


def test_two_browsers_see_each_others_seats(page: Page, second_page: Page) -> None:
    show = builders.a_show(seats=60)
    first, second = seat_ids(show, "C4", "C5")
    for each in (page, second_page):
        each.goto(f"/shows/{show.id}")
    pick(page, first, second)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    polls: list[Request] = []
    second_page.on("request", lambda request: polls.append(request) if "/seats?v=" in request.url else None)
    expect(cell(second_page, first).locator("input")).to_have_attribute("aria-disabled", "true")
    assert len(polls) <= 3, "one that was older news, one that told it, and one after"
    expect(second_page.locator("#free-count")).to_have_text("58 of 60 free")
    page.get_by_role("button", name="Give the seats up").click()
    expect(cell(second_page, first).locator("input")).to_have_attribute("name", "seats")


def test_your_own_held_seats_stay_yours_on_the_map(page: Page) -> None:
    show = builders.a_show(seats=60)
    first, second = seat_ids(show, "C4", "C5")
    page.goto(f"/shows/{show.id}")
    pick(page, first, second)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    page.goto(f"/shows/{show.id}")
    builders.a_hold(show, seats=seat_ids(show, "A1", "A2"))
    expect(page.locator("#n-h")).to_have_text("2")
    expect(page.locator("#seats :checked")).to_have_count(2)


def test_a_chosen_seat_that_goes_is_announced_and_the_other_stays(page: Page) -> None:
    show = builders.a_show(seats=60)
    first, second = seat_ids(show, "C4", "C5")
    page.goto(f"/shows/{show.id}")
    pick(page, first, second)
    builders.a_hold(show, seats=[second, *seat_ids(show, "C6")])
    expect(page.locator("#alert-live")).to_contain_text("C5 has just been taken. You still have C4.")
    expect(page.locator("#total")).to_have_text("£10.75")


def test_what_was_lost_stays_in_sight_while_others_go_on_choosing(page: Page) -> None:
    show = builders.a_show(seats=60)
    lost = seat_ids(show, "C4", "C5", "C6")
    page.goto(f"/shows/{show.id}")
    pick(page, *lost)
    builders.a_hold(show, seats=lost)
    told = page.locator("#orphan")
    expect(told).to_contain_text("C4, C5 and C6 have just been taken.")
    builders.a_hold(show, seats=seat_ids(show, "A1", "A2"))
    expect(page.locator("#n-h")).to_have_text("5")
    expect(told).to_be_visible()
    pick(page, *seat_ids(show, "D4", "D5"))
    expect(told).to_be_hidden()


def test_back_from_checkout_other_seats_are_never_ticked(page: Page) -> None:
    show = builders.a_show(seats=60)
    mine = seat_ids(show, "C4", "C5")
    page.goto(f"/shows/{show.id}")
    pick(page, *mine)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    builders.a_hold(show, seats=seat_ids(show, "A1", "A2"))
    page.go_back()
    expect(page.locator("#free-count")).to_be_visible()
    ticked = page.locator("#seats :checked").evaluate_all("boxes => boxes.map(box => Number(box.value))")
    assert set(ticked) <= set(mine)


def test_others_changes_are_not_announced(page: Page) -> None:
    show = builders.a_show(seats=60)
    page.goto(f"/shows/{show.id}")
    pick(page, *seat_ids(show, "C4", "C5"))
    builders.a_hold(show, seats=seat_ids(show, "A1", "A2"))
    expect(cell(page, seat_ids(show, "A1")[0]).locator("[aria-disabled]")).to_be_visible()
    expect(page.locator("#alert-live")).to_be_empty()


def test_a_focused_seat_that_goes_keeps_the_focus(page: Page) -> None:
    show = builders.a_show(seats=60)
    (seat,) = seat_ids(show, "C4")
    page.goto(f"/shows/{show.id}")
    cell(page, seat).locator("input").focus()
    builders.a_hold(show, seats=[seat, *seat_ids(show, "C5")])
    expect(cell(page, seat).locator("[aria-disabled]")).to_be_focused()


def test_taken_at_the_last_moment_only_that_seat_is_dropped(page: Page) -> None:
    show = builders.a_show(seats=60)
    kept, gone = seat_ids(show, "C4", "C5")
    slow_polls(page)
    page.goto(f"/shows/{show.id}")
    pick(page, kept, gone)
    builders.a_hold(show, seats=[gone, *seat_ids(show, "C6")])
    page.locator("#keep").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#alert-live")).to_contain_text("C5 has just been taken. C4 is still chosen.")
    expect(cell(page, gone).locator("input")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#seats :checked")).to_have_count(1)
    expect(page.locator("#keep")).to_be_focused()
    page.locator("#orphan .stub").first.click()
    expect(page.locator("#chosen li")).to_have_count(2)
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")


def test_taken_at_the_last_moment_without_javascript(plain_page: Page) -> None:
    page, show = plain_page, builders.a_show(seats=60)
    kept, gone = seat_ids(show, "C4", "C5")
    page.goto(f"/shows/{show.id}")
    pick(page, kept, gone)
    builders.a_hold(show, seats=[gone, *seat_ids(show, "C6")])
    page.locator("#keep").click()
    expect(page.locator("#orphan")).to_contain_text("C5 has just been taken. C4 is still chosen.")
    expect(page.locator("#seats :checked")).to_have_count(1)
    page.locator("#orphan .stub").first.click()
    page.wait_for_url("**/checkout")


def test_a_single_gap_is_explained_and_a_shift_offered(page: Page) -> None:
    show = builders.a_show(seats=30)
    page.goto(f"/shows/{show.id}")
    pick(page, *seat_ids(show, "B2", "B3"))
    expect(page.locator("#orphan")).to_contain_text("B1 would be left alone")
    page.get_by_role("button", name="B1 B2").click()
    expect(page.locator("#orphan")).to_be_hidden()
    expect(page.locator("#chosen")).to_contain_text("B1")


def test_the_server_refuses_a_gap_that_the_hint_could_not_prevent(page: Page) -> None:
    show = builders.a_show(seats=30)
    page.goto(f"/shows/{show.id}")
    pick(page, *seat_ids(show, "B2", "B3"))
    page.locator("#keep").click()
    expect(page.locator("#alert-live")).to_contain_text("would be left alone")
    assert page.url.endswith(f"/shows/{show.id}")


def test_a_late_answer_cannot_undo_what_is_known(page: Page) -> None:
    show = builders.a_show(seats=30)
    taken = builders.a_hold(show, seats=seat_ids(show, "A1", "A2"))
    assert taken.state == "held"
    (seat,) = seat_ids(show, "A1")
    asked: list[str] = []

    def old_news(route: Route) -> None:
        asked.append(route.request.url)
        free = (
            f'<td id="s{seat}" class="p1" hx-swap-oob="true"><input type="checkbox" name="seats" value="{seat}"></td>'
        )
        route.fulfill(
            content_type="text/html", body=f"<i id=v data-v=0.0 hx-swap-oob=true></i><template>{free}</template>"
        )

    page.route("**/shows/*/seats?v=*", old_news)
    page.goto(f"/shows/{show.id}")
    wait_until(lambda: len(asked) >= 2, page)
    expect(cell(page, seat).locator("input")).to_have_attribute("aria-disabled", "true")


def wait_until(is_so: Callable[[], bool], page: Page, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def test_a_hidden_tab_asks_nothing_and_a_shown_one_asks_at_once(page: Page) -> None:
    show = builders.a_show(seats=30)
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.away === true });")
    page.clock.install()
    page.goto(f"/shows/{show.id}")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/seats?v=" in request.url else None)
    turn = "away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(turn, True)
    asked.clear()
    page.clock.run_for(10_000)
    assert not asked
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    page.evaluate(turn, False)
    wait_until(lambda: bool(asked), page)


def test_a_lost_connection_shows_and_its_return_too(page: Page, context: BrowserContext) -> None:
    show = builders.a_show(seats=30)
    page.goto(f"/shows/{show.id}")
    context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()


def test_best_seats_are_chosen_at_once_and_for_the_party(page: Page) -> None:
    show = builders.a_show(seats=60)
    page.goto(f"/shows/{show.id}")
    page.locator("[name=party][value='4']").check()
    page.get_by_role("button", name="Best 4 seats").click()
    expect(page.locator("#chosen li")).to_have_count(4)
    expect(page.locator("#keep")).to_have_text("Keep these 4 seats")


def test_who_keeps_the_best_seats_before_they_are_found_keeps_them(page: Page) -> None:
    show = builders.a_show(seats=60)
    wanted: list[Route] = []
    page.route("**/best?*", lambda route: wanted.append(route))
    page.goto(f"/shows/{show.id}")
    page.locator("#best").click()
    page.locator("#keep").click(force=True)  # nothing is chosen yet, which it says
    wait_until(lambda: bool(wanted), page)
    expect(page.locator("#orphan")).to_be_hidden()
    wanted.pop().continue_()
    page.wait_for_url("**/checkout")


def test_a_companion_is_free_beside_a_wheelchair_space(page: Page) -> None:
    show = builders.a_show(seats=30, layout={"kinds": {"B1": "wheelchair", "B2": "companion"}})
    page.goto(f"/shows/{show.id}")
    pick(page, *seat_ids(show, "B1", "B2"))
    expect(page.locator("#total")).to_have_text("£10.75")
    page.locator("#keep").click()
    expect(page.locator("#pay")).to_have_text("Pay £10.75")


def test_the_list_follows_what_others_buy(page: Page) -> None:
    show = builders.a_show(seats=30)
    page.goto(f"/shows/{show.id}?view=list")
    first, second = seat_ids(show, "B1", "B2")
    page.get_by_label("Row B seat 1,").check()
    builders.a_hold(show, seats=[first, second])
    expect(page.locator("#alert-live")).to_contain_text("B1 has just been taken")
    expect(page.get_by_label("Row B seat 2,")).to_be_hidden()


def test_a_double_click_makes_one_hold(page: Page) -> None:
    show = builders.a_show(seats=30)
    page.goto(f"/shows/{show.id}")
    page.locator("#best").click()
    expect(page.locator("#chosen li")).to_have_count(2)
    posted: list[Request] = []
    page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    page.locator("#keep").dblclick()
    page.wait_for_url("**/checkout")
    assert len(posted) == 1


def test_your_own_hold_is_not_announced_as_taken(page: Page) -> None:
    show = builders.a_show(seats=60)
    page.goto(f"/shows/{show.id}")
    page.evaluate(
        "new MutationObserver(() => { sessionStorage.heard = document.querySelector('#alert-live').textContent; })"
        ".observe(document.querySelector('#alert-live'), { childList: true });"
    )

    def slowly(route: Route) -> None:
        answer = route.fetch()
        page.wait_for_timeout(2_600)
        route.fulfill(response=answer)

    page.route("**/hold", slowly)
    pick(page, *seat_ids(show, "C4", "C5"))
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    assert not page.evaluate("sessionStorage.heard || ''")


def test_back_from_checkout_shows_your_seats_as_yours(page: Page) -> None:
    show = builders.a_show(seats=60)
    page.goto(f"/shows/{show.id}")
    pick(page, *seat_ids(show, "C4", "C5"))
    page.locator("#keep").click()
    page.wait_for_url("**/checkout")
    page.go_back()
    expect(page.locator("#hold")).to_have_attribute("data-own-left", re.compile(r"\d+"))
    expect(page.locator("#chosen")).to_contain_text("C4")
