/* Marquee's one script: the seat map (poll, keyboard, total), the hold's clock, and small manners of every page.
   Everything works without it. Seats and their words are read from the labels that the server wrote. */
(() => {
"use strict";
htmx.config.attributesToSettle = []; // a swapped seat has its new class at once
const $ = (what, where = document) => where.querySelector(what);
const $$ = (what, where = document) => [...where.querySelectorAll(what)];
const on = (events, does, capture) => events.split(" ").forEach(name => document.addEventListener(name, does, capture));
const make = (tag, css, text) => Object.assign(document.createElement(tag), { className: css || "", textContent: text || "" });
const list = names => names.length < 2 ? names.join("") : names.slice(0, -1).join(", ") + " and " + names.at(-1);

const say = (words, loud) => {
  const region = $(loud ? "#alert-live" : "#announce");
  region.textContent = "";
  setTimeout(() => { region.textContent = words; }, 60);
};

/* Connection: a strip appears when an answer fails or stays away, and goes with the next that comes. */
const root = document.documentElement;
const lost = isLost => {
  if (isLost !== root.classList.contains("lost")) {
    root.classList.toggle("lost", isLost);
    say(isLost ? $("#offline").textContent : "Connected again.", isLost);
  }
};
addEventListener("offline", () => lost(true));
addEventListener("online", () => { lost(false); poll(); });
on("htmx:sendError htmx:timeout", () => lost(true));

/* Forms: a second submit of the same form is dropped; the summary of errors takes focus. */
const release = form => { delete form.dataset.sent; };
on("submit", event => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopPropagation();
  } else {
    form.dataset.sent = "1";
    setTimeout(release, 8000, form);
  }
}, true);
$("#summary")?.focus();

/* Seats */
const form = $("#hold"), live = $("#live");
const picked = () => $$("input[name=seats]:checked", form);
const cellOf = input => input.closest("td") || input.closest("label");
const isFree = cell => Boolean($("input[name]", cell));
const isExempt = cell => /\b[wc]\b/.test(cell.className);
const own = new Set(form?.dataset.own?.split(","));
const ownEnds = Date.now() + 1000 * (form?.dataset.ownLeft || 0);
const isOwn = id => own.has(id) && Date.now() < ownEnds;

const facts = input => {
  const parts = input.getAttribute("aria-label").split(", ");
  const at = parts.findIndex(part => /seat /i.test(part));
  const name = /(?:row (.+) )?seat (.+)/i.exec(parts[at]);
  const words = parts[at + 1];
  return {
    label: cellOf(input).dataset.label || (name[1] || "") + name[2],
    words: words[0].toUpperCase() + words.slice(1),
    price: parts.at(-1).split(" ").at(-1),
  };
};
const labels = inputs => inputs.map(input => facts(input).label);
const minor = price => Number(price.replace(/\D/g, ""));
const money = (amount, like) => {
  const digits = /\.(\d+)$/.exec(like)?.[1].length || 0;
  const plain = (amount / 10 ** digits).toFixed(digits); // by hand: Intl costs a phone 40 ms at its first use
  return like.replace(/[\d.,]+$/, plain.replace(/\B(?=(\d{3})+(?!\d))/g, ","));
};

/* Three companion seats are free beside each wheelchair space of the same choice. */
const freeCompanions = inputs => {
  const room = new Map(), free = new Set();
  const group = cell => {
    while (cell.previousElementSibling?.id && isExempt(cell.previousElementSibling)) cell = cell.previousElementSibling;
    return cell;
  };
  const cells = inputs.map(cellOf).filter(cell => cell.id && isExempt(cell));
  const of = (css, does) => cells.filter(cell => cell.classList.contains(css)).forEach(cell => does(group(cell), cell));
  of("w", first => room.set(first, (room.get(first) || 0) + 3));
  of("c", (first, cell) => {
    if (room.get(first) > 0) {
      room.set(first, room.get(first) - 1);
      free.add($("input", cell));
    }
  });
  return free;
};

/* The rule about single gaps, as a hint: the server decides. */
const stretches = row => {
  const found = [[]];
  for (const cell of row.cells) {
    if (cell.id) found.at(-1).push(cell);
    else found.push([]);
  }
  return found;
};
const alone = free => new Set(free.map((is, at) => is && !free[at - 1] && !free[at + 1] ? at : -1).filter(at => at >= 0));
const stranded = (cells, before, taken) => {
  const known = alone(before);
  return [...alone(before.map((is, at) => is && !taken.includes(at)))].filter(at => !known.has(at) && !isExempt(cells[at]));
};
const better = (cells, before, taken) => {
  const found = [], middle = places => places.reduce((sum, at) => sum + at, 0) / places.length;
  for (let start = 0; start + taken.length <= cells.length; start++) {
    const places = taken.map((_, step) => start + step);
    if (places.every(at => before[at] && !isExempt(cells[at])) && !stranded(cells, before, places).length) found.push(places);
  }
  const far = places => Math.abs(middle(places) - middle(taken));
  return found.sort((a, b) => far(a) - far(b)).slice(0, 2);
};
const gap = inputs => {
  const chosen = new Set(inputs.map(cellOf));
  for (const row of new Set(inputs.map(input => input.closest("tr")).filter(Boolean))) {
    for (const cells of stretches(row)) {
      const before = cells.map(cell => isFree(cell) && !(chosen.has(cell) && isExempt(cell)));
      const taken = cells.flatMap((cell, at) => chosen.has(cell) && !isExempt(cell) ? [at] : []);
      const left = taken.length ? stranded(cells, before, taken) : [];
      const shifts = left.length ? better(cells, before, taken) : [];
      if (shifts.length) {
        const rest = inputs.filter(input => !taken.some(at => cells[at] === cellOf(input)));
        return { left: left.map(at => $("input", cells[at])), shifts: shifts.map(places => [...places.map(at => $("input", cells[at])), ...rest]) };
      }
    }
  }
};

/* The bar: chosen seats, total, and what is to be said about them. */
const note = (words, shifts = []) => {
  const box = $("#orphan"), text = make("p"), stubs = make("div", "stubs");
  text.append(Object.assign(make("b", "", "!"), { ariaHidden: "true" }), " " + words);
  for (const inputs of shifts) {
    const button = Object.assign(make("button", "stub"), { type: "button" });
    button.dataset.choose = inputs.map(input => input.value).join(",");
    button.append(make("b", "", labels(inputs).join(" ")));
    stubs.append(button);
  }
  const inner = make("div");
  inner.append(text, ...(shifts.length ? [stubs] : []));
  box.replaceChildren(inner);
  box.hidden = false;
  box.toggleAttribute("data-told", !shifts.length); // what happened stays in sight until the buyer does something
  $("#keep")?.classList.toggle("quiet", shifts.length > 0);
};
const hint = inputs => {
  const found = form.dataset.gaps ? null : gap(inputs);
  $("#orphan").hidden = !found;
  $("#keep")?.classList.toggle("quiet", Boolean(found));
  if (found) {
    note(list(labels(found.left)) + " would be left alone, and nobody buys a single. Move along:", found.shifts);
    say($("#orphan p").textContent.slice(2));
  }
};
const stub = (input, isFreeOfCharge) => {
  const seat = facts(input), item = $("#chosen-stub").content.firstElementChild.cloneNode(true);
  item.dataset.seat = input.value;
  $("b", item).textContent = seat.label;
  $("small", item).replaceChildren(seat.words, make("br"), isFreeOfCharge ? "free" : seat.price);
  $("button", item).ariaLabel = "Give up seat " + seat.label;
  return item;
};
const counts = () => {
  if (!$("#seats") || !$("#free-count")) return;
  const cells = $$("#seats td[id]"), of = css => cells.filter(cell => cell.classList.contains(css)).length;
  $("#free-count").textContent = `${cells.length - of("h") - of("s") - of("b")} of ${cells.length} free`;
  for (const css of ["h", "s", "b"]) $("#n-" + css).textContent = of(css);
};
/* The counter has no bar: its bill is made when the seats are kept. */
const update = keepNote => {
  const inputs = picked();
  if ($("#chosen")) showChosen(inputs);
  if (!keepNote) hint(inputs);
};
const showChosen = inputs => {
  const free = freeCompanions(inputs), any = $("input[name=seats]", form);
  const like = any ? facts(any).price : "0";
  const sum = inputs.reduce((total, input) => total + (free.has(input) ? 0 : minor(facts(input).price)), 0);
  $("#chosen").replaceChildren(...inputs.map(input => stub(input, free.has(input))));
  $("#total").textContent = money(sum, like);
  $("#keep").textContent = ["Choose seats", "Keep this seat"][inputs.length] || `Keep these ${inputs.length} seats`;
  $("#keep").ariaDisabled = inputs.length ? null : "true";
  for (const link of $$("a[data-switch], .side-head a", form)) {
    const url = new URL(link.href);
    url.searchParams.set("choose", inputs.map(input => input.value).join(","));
    link.href = url;
  }
};
const choose = (ids, words) => {
  $$("input[name=seats]", form).forEach(input => { input.checked = ids.includes(input.value); });
  update();
  say(words || `${list(labels(picked()))} chosen, ${$("#total").textContent}.`);
};
const gone = names => {
  const words = `${list(names)} ${names.length > 1 ? "have" : "has"} just been taken.`, left = labels(picked());
  const all = left.length ? `${words} You still have ${list(left)}.` : words;
  note(all);
  say(all, true);
};

const repriced = () => {
  const why = $(".why-price", form)?.textContent, sum = picked().length && $("#total").textContent;
  const words = "The prices have changed meanwhile" + (why ? " (" + why + ")." : ".") + (sum ? " Your choice is " + sum + " now." : "");
  note(words);
  say(words, true);
};

/* One tab stop in the map; the arrows go from seat to seat. */
const seatIn = (row, index) => [...row.cells].filter(cell => cell.id)
  .sort((a, b) => Math.abs(a.cellIndex - index) - Math.abs(b.cellIndex - index))[0];
const target = (key, cell, far) => {
  const row = cell.parentElement, rows = [...row.parentElement.rows], seats = [...row.cells].filter(each => each.id);
  const at = seats.indexOf(cell), line = rows.indexOf(row);
  if (key === "Home") return far ? seatIn(rows[0], 0) : seats[0];
  if (key === "End") return far ? seatIn(rows.at(-1), 999) : seats.at(-1);
  if (key === "ArrowLeft") return seats[at - 1];
  if (key === "ArrowRight") return seats[at + 1];
  const next = rows[line + (key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : NaN)];
  return next && seatIn(next, cell.cellIndex);
};
const rove = input => {
  $$("#seats input").forEach(each => { each.tabIndex = each === input ? 0 : -1; });
};
on("keydown", event => {
  const cell = event.target.closest("#seats td[id]");
  if (!cell || !/^(Home|End|Arrow)/.test(event.key) || event.altKey || event.metaKey) return;
  const to = target(event.key, cell, event.ctrlKey);
  event.preventDefault();
  if (to) $("input", to).focus();
});
on("focusin", event => { if (event.target.closest("#seats td[id]")) rove(event.target); });

/* Party size and best seats */
const party = () => {
  const size = Number($("input[name=party]:checked", form)?.value || 2);
  return size < 6 ? size : Number($("#size").value || 6);
};
const wish = () => {
  if (!$("#best")) return;
  $("#best").textContent = party() > 1 ? `Best ${party()} seats` : "Best seat";
  $("#more").hidden = !$("input[name=party][value='6']", form).checked;
};
let finding; // seats that are looked for: whoever presses "Keep" meanwhile means them
const best = async button => {
  let isFound = false;
  const query = new URLSearchParams({ seats: party(), category: $("#category")?.value || "" });
  if ($("[name=step_free]", form)?.checked) query.set("step_free", "1");
  button.ariaBusy = "true";
  try {
    const answer = await fetch(form.dataset.best + "?" + query, { headers: { "HX-Request": "true" } });
    const found = await answer.json();
    isFound = found.seats.length > 0;
    if (isFound) {
      choose(found.seats.map(String));
      cellOf(picked()[0]).scrollIntoView({ block: "nearest", inline: "center" });
    } else {
      note(`There are no ${party()} such seats left.`);
      say(`There are no ${party()} such seats left.`, true);
    }
    lost(false);
  } catch {
    lost(true);
  }
  button.ariaBusy = null;
  return isFound;
};
const look = button => {
  const mine = finding = best(button).finally(() => { if (finding === mine) finding = null; });
};

/* The poll: every two seconds or so while somebody looks. */
let timer;
const next = () => {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(poll, live.dataset.every * (800 + 400 * Math.random()));
};
function poll() {
  clearTimeout(timer);
  if (!live || document.hidden) return;
  if (form.dataset.over && Date.now() > ownEnds) {
    note(form.dataset.over);
    say(form.dataset.over, true);
    return;
  }
  const prices = $("#seats") && $("#prices") ? "&p=" + $("#prices input").value : ""; // the list shows its prices until it is loaded again
  htmx.ajax("GET", `${live.dataset.url}?v=${$("#v").dataset.v}${prices}`, { source: live, swap: "none" }).then(next, next);
}
const isOlder = (version, than) => {
  const [a, b] = [version, than].map(each => each.split(".").map(Number));
  return a[0] < b[0] || (a[0] === b[0] && a[1] <= b[1]);
};
let missed = [], refocus = "", isTold = false, isHolding = false, isRepriced = false;
/* One changed seat: what is chosen stays chosen while it is free, and is told of when it is not. */
const carry = (cell, was) => {
  const now = $("input", cell), id = cell.id.slice(1);
  if (isOwn(id) && cell.classList.contains("h")) {
    cell.replaceWith(cell.ownerDocument.importNode(cellOf(was), true));
    return;
  }
  if (was.checked) {
    now.checked = Boolean(now.name);
    if (!now.name) missed.push(facts(was).label);
  }
  now.tabIndex = was.tabIndex;
  if (was === document.activeElement) refocus = cell.id;
};
const settle = () => {
  counts();
  if (refocus) $(`#${refocus} input`)?.focus({ preventScroll: true });
  refocus = "";
  const names = isTold ? [] : missed;
  missed = [];
  update(names.length > 0 || isRepriced || Boolean($("#orphan [data-say], #orphan[data-told]:not([hidden])")));
  if (names.length) gone(names);
  else if (isRepriced) repriced();
  isRepriced = false;
};
/* The list has no cells to swap: its seats come and go. */
const settleList = text => {
  const holder = make("template");
  holder.innerHTML = text;
  $("#v").dataset.v = $("i", holder.content).dataset.v;
  for (const cell of $$("td[id]", $("template", holder.content).content)) {
    const input = $(`#list input[value="${cell.id.slice(1)}"]`), free = isFree(cell) || isOwn(cell.id.slice(1));
    if (!input) continue;
    if (input.checked && !free) missed.push(facts(input).label);
    input.checked = input.checked && free;
    input.name = free ? "seats" : "";
    input.closest("label").hidden = !free;
  }
  settle();
};
on("htmx:beforeSwap", event => {
  const { detail } = event, asker = detail.requestConfig.elt;
  isTold = asker === form; // the answer to a refused hold says itself what was lost
  if (asker === live && detail.xhr.status === 200) {
    const version = /data-v="?([\d.]+)/.exec(detail.xhr.responseText)?.[1], mine = $("#v").dataset.v;
    const hasPrices = /name="prices"/.test(detail.xhr.responseText);
    detail.shouldSwap = Boolean(version) && !isHolding && (!isOlder(version, mine) || (hasPrices && version === mine));
    isRepriced = detail.shouldSwap && hasPrices;
    if (detail.shouldSwap && !$("#seats")) {
      detail.shouldSwap = false;
      settleList(detail.xhr.responseText);
    }
  } else if (asker === form && detail.xhr.status >= 400) {
    detail.shouldSwap = /id="bar"/.test(detail.xhr.responseText);
    if (!detail.shouldSwap) note("That did not go through. Please load the page again and repeat it.");
  }
});
/* From the click to the answer the map stands still: the seats that go are the buyer's own. */
on("htmx:beforeRequest", event => { isHolding = isHolding || event.detail.elt === form; });
on("htmx:oobBeforeSwap", event => {
  const { fragment, target } = event.detail, wishes = $("#category", fragment);
  if (target.id === "prices" && wishes) {
    for (const option of wishes.options) option.toggleAttribute("selected", option.value === $("#category")?.value);
  }
  if (!target.closest("#seats")) return;
  for (const cell of $$("td[id]", fragment)) {
    const was = document.getElementById(cell.id);
    if (was) carry(cell, $("input", was));
  }
  queueMicrotask(settle);
});
on("htmx:afterRequest", event => {
  const { elt, xhr } = event.detail;
  if (xhr.status) lost(xhr.status >= 500);
  if (elt.matches?.("form")) release(elt);
  if (elt === form) isHolding = Boolean(xhr.getResponseHeader("HX-Redirect"));
  const words = elt === form && $("#bar [data-say]");
  if (words) {
    update(true);
    say(words.textContent.replace("!", "").trim(), true);
  } else if ($("#checkout")) {
    const asker = event.detail.requestConfig.elt, wrong = asker.id === "use-code" && $("#code-why");
    say((wrong || $(".to-pay")).textContent, wrong);
    if (!document.contains(asker) && document.activeElement === document.body) $("#code").focus();
  }
});
on("visibilitychange", () => document.hidden ? clearTimeout(timer) : poll());

on("change", event => {
  const input = event.target;
  if (input.name === "seats" && form) {
    if (picked().length > form.dataset.most) {
      input.checked = false;
      const words = form.dataset.limit || `One booking has at most ${form.dataset.most} seats.`;
      note(words);
      say(words, true);
    } else {
      update();
      if ($("#orphan").hidden) say(`${picked().length || "No"} ${picked().length === 1 ? "seat" : "seats"}${$("#total") ? ", " + $("#total").textContent : ""}.`);
    }
  } else if (input.name === "party" || input.id === "size") {
    wish();
  }
});

/* Zoom keeps what was in the middle there. */
const zoom = isIn => {
  const map = $("#map"), part = (map.scrollLeft + map.clientWidth / 2) / map.scrollWidth;
  map.classList.toggle("zoom", isIn);
  map.scrollLeft = part * map.scrollWidth - map.clientWidth / 2;
};
const nearest = button => {
  const fail = () => { button.textContent = "Your device does not tell where you are"; };
  if (!navigator.geolocation) return fail();
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    const url = new URL(location);
    url.searchParams.set("lat", coords.latitude.toFixed(3));
    url.searchParams.set("lon", coords.longitude.toFixed(3));
    location = url;
  }, fail);
};
on("click", event => {
  const hit = what => event.target.closest(what);
  let found;
  if (hit("#seats [aria-disabled]")) event.preventDefault();
  else if ((found = hit("[data-all]"))) {
    const boxes = $$(`input[name=${found.dataset.all}]:not(:disabled)`, found.form);
    event.preventDefault();
    boxes.forEach(box => { box.checked = true; });
    boxes[0]?.dispatchEvent(new Event("change", { bubbles: true }));
    if (found.dataset.then) $(found.dataset.then).focus();
  }
  else if ((found = hit("[data-zoom]"))) zoom(found.dataset.zoom === "in");
  else if ((found = hit("[data-nearest]"))) nearest(found);
  else if ((found = hit("#chosen button"))) {
    const id = found.closest("[data-seat]").dataset.seat;
    choose(picked().map(input => input.value).filter(each => each !== id));
    ($("#chosen button") || $("#keep")).focus();
  } else if ((found = hit("#orphan [data-choose], #orphan [name=instead]"))) {
    event.preventDefault();
    choose((found.dataset.choose || found.value).split(","));
    $("#keep").focus();
  } else if ((found = hit("#best"))) {
    event.preventDefault();
    look(found);
  } else if (hit("#keep") && finding) {
    event.preventDefault();
    finding.then(isFound => isFound && $("#keep").click());
  } else if (hit("#keep") && !picked().length) {
    event.preventDefault();
    note("Choose at least one seat.");
    say("Choose at least one seat.", true);
  }
});

/* The hold's clock runs on the server's time: only the seconds left are ours. */
const leader = $("#leader");
const clock = (ends, before) => {
  const left = Math.max(0, Math.round((ends - Date.now()) / 1000)), title = $("[data-title]", leader);
  const minutes = Math.floor(left / 60), seconds = left % 60;
  $("[data-clock]", leader).textContent = `${minutes}:${String(seconds).padStart(2, "0")}`;
  $("[data-wedge]", leader).setAttribute("stroke-dasharray", `${100 * left / leader.dataset.total} 100`);
  if (left < leader.dataset.late) {
    leader.classList.add("late");
    title.textContent = (minutes ? minutes + " min " : "") + seconds + " s left";
  }
  const mark = [5, 2, 1].find(each => before > 60 * each && left <= 60 * each);
  if (mark) say(`${mark} ${mark > 1 ? "minutes" : "minute"} left to pay.`);
  if (left) setTimeout(clock, 1000 - (Date.now() - ends + 1e9) % 1000 || 1000, ends, left);
  else timeIsUp(title);
};
const timeIsUp = title => {
  const paying = $("#checkout");
  leader.classList.remove("late");
  title.textContent = "Time is up";
  if (!paying) return;
  $("p", leader).textContent = `Others may now choose ${paying.dataset.seats}. Nothing was charged, and what you typed is kept.`;
  const again = make("button", "linklike", `Keep ${paying.dataset.seats} again`);
  const map = make("a", "", "Show the map");
  again.formAction = paying.dataset.hold;
  map.href = paying.dataset.map;
  $(".acts", leader).replaceChildren(again, " · ", map);
  $("#pay").formAction = paying.dataset.hold;
  $("#pay").textContent = "Keep the seats again";
  say(`Time is up. ${$("p", leader).textContent}`, true);
};
if (Number(leader?.dataset.left)) clock(Date.now() + 1000 * leader.dataset.left, Number(leader.dataset.left) + 1);

addEventListener("pageshow", event => {
  $$("form").forEach(release);
  if (!form) return;
  if (event.persisted) location.reload();
  wish();
  if ($("#map")) $("#map").scrollLeft = ($("#map").scrollWidth - $("#map").clientWidth) / 2;
  rove($("#seats :checked") || $("#seats input[name]"));
  update(Boolean($("#orphan [data-say]")));
});
if (live) next();
})();
