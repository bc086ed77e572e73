/* Seats out of use: counts what is ticked, ticks rows and ranges, and keeps the map true. Everything works without it. */
(() => {
"use strict";
const $ = (what, where = document) => where.querySelector(what);
const $$ = (what, where = document) => [...where.querySelectorAll(what)];
const room = $("#blocking");
if (!room) return;
const WORDS = { h: "held", s: "sold", b: "out of use" };
const cells = $$("#seats td[id]");
const inSeatOrder = [...cells].sort((a, b) => a.id.slice(1) - b.id.slice(1));
const boxOf = cell => $("input", cell);
const stateOf = cell => ["h", "s", "b"].find(state => cell.classList.contains(state)) || "f";
const name = cell => cell.dataset.label;

/* What is ticked, in words and on the buttons. */
const put = (button, count, plain) => {
  if (!button) return;
  button.dataset.plain = button.dataset.plain || button.textContent;
  button.textContent = count ? (count === 1 ? button.dataset.one : button.dataset.many.replace("#", count)) : button.dataset.plain;
};
const tell = () => {
  const ticked = cells.filter(cell => boxOf(cell).checked), of = state => ticked.filter(cell => stateOf(cell) === state);
  const somebodys = [...of("h"), ...of("s")], out = $("#chosen-count");
  const words = [[of("f").length, "free"], [of("b").length, "out of use"], [of("s").length, "sold"], [of("h").length, "held"]];
  out.textContent = ticked.length ? words.filter(part => part[0]).map(part => part.join(" ")).join(", ") + " ticked" : out.dataset.none;
  out.classList.toggle("bad", somebodys.length > 0);
  put($("#do-block"), $("#do-back") ? of("f").length : ticked.length);
  put($("#do-back"), of("b").length);
};

/* A row's letter ticks its free seats, or takes the ticks away when all have one. */
const buttonOf = head => {
  const button = document.createElement("button"), row = head.parentElement;
  button.type = "button";
  button.className = "linklike";
  button.textContent = head.textContent;
  button.setAttribute("aria-label", "Row " + head.textContent + ": tick the free seats");
  button.addEventListener("click", () => {
    const free = $$("td[id]", row).filter(cell => stateOf(cell) === "f").map(boxOf);
    const to = free.some(box => !box.checked);
    free.forEach(box => { box.checked = to; });
    tell();
  });
  head.replaceChildren(button);
};
$$("#seats th[scope=row]").forEach(head => { if (head.textContent.trim()) buttonOf(head); });

/* Shift ticks from the last click to this one; a pressed mouse draws over seats. */
let last = null, drawing = null;
room.addEventListener("click", event => {
  const cell = event.target.closest("#seats td[id]");
  if (!cell) return;
  if (event.shiftKey && last) {
    const [from, to] = [cells.indexOf(last), cells.indexOf(cell)].sort((a, b) => a - b);
    cells.slice(from, to + 1).forEach(one => { boxOf(one).checked = boxOf(cell).checked; });
  }
  last = cell;
  tell();
});
room.addEventListener("pointerdown", event => {
  const cell = event.pointerType === "mouse" && !event.shiftKey && event.target.closest("#seats td[id]");
  drawing = cell ? { first: cell, to: !boxOf(cell).checked } : null;
});
room.addEventListener("pointerover", event => {
  const cell = drawing && event.buttons === 1 && event.target.closest("#seats td[id]");
  if (!cell || cell === drawing.first && !drawing.moved) return;
  if (!drawing.moved) boxOf(drawing.first).checked = drawing.to;
  drawing.moved = true;
  boxOf(cell).checked = drawing.to;
  tell();
});
addEventListener("pointerup", event => {
  const ended = drawing;
  drawing = null;
  if (!ended || !ended.moved || event.target.closest("#seats td[id]") !== ended.first) return;
  addEventListener("click", click => click.preventDefault(), { once: true, capture: true });
});

/* Every two seconds while somebody looks: what others hold, buy and give up. */
const show = (cell, state) => {
  if (stateOf(cell) === state) return;
  cell.classList.remove("h", "s", "b");
  if (state !== "f") cell.classList.add(state);
  const box = boxOf(cell);
  box.setAttribute("aria-label", box.dataset.words + (WORDS[state] ? ", " + WORDS[state] : ""));
};
const count = states => {
  for (const state of ["f", "h", "s", "b"]) {
    const number = $("#n-" + state);
    if (number) number.textContent = [...states].filter(each => each === state).length;
  }
  $("#free-count").textContent = $("#n-f").textContent + " of " + states.length + " free";
};
const ask = async () => {
  const answer = await fetch(room.dataset.url + "?v=" + room.dataset.v, { headers: { Accept: "application/json" } });
  if (answer.status !== 200) return;
  const now = await answer.json();
  if (now.states.length !== cells.length) return location.reload();
  room.dataset.v = now.v;
  inSeatOrder.forEach((cell, at) => show(cell, now.states[at]));
  count(now.states);
  tell();
};
const poll = () => {
  if (document.hidden) return;
  ask().catch(() => {}).finally(() => setTimeout(poll, Number(room.dataset.every)));
};
if (room.dataset.url) {
  setTimeout(poll, Number(room.dataset.every));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
}
/* One tab stop in the map; marquee.js moves it with the arrows. */
cells.forEach((cell, at) => { boxOf(cell).tabIndex = at ? -1 : 0; });
addEventListener("pageshow", tell);
tell();
})();
