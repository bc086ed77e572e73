/* The layout editor: choosing, dragging, taking back, keeping. What a change does to a plan is decided by the server,
   which gets the words of the same forms that work without this script. */
(() => {
"use strict";
const box = document.getElementById("editor");
if (!box) return;
const SVG = "http://www.w3.org/2000/svg";
const $ = (what, where = box) => where.querySelector(what);
const svg = $("#plan"), sheet = $(".sheet"), seatsOf = $("#seats"), boxesOf = $("#boxes");
const says = words => { document.getElementById("announce").textContent = words; };
const MOST_STEPS = 60, GRID = 2, STEP = 4, SIDE = 44, KEEP_AFTER = 900;

let plan = null, revision = Number(box.dataset.revision), broken = false;
let seats = new Map(), chosen = new Set(), cursor = null, zoom = 1;
let past = [], future = [], dirty = false, timer = 0, sending = Promise.resolve();

/* The plan as seats on a plane. */
const at = thing => thing.position || { x: 0, y: 0 };
const index = () => {
  seats = new Map();
  plan.zones.forEach((zone, level) => zone.rows.forEach(row => {
    const left = at(zone).x + at(row).x, top = at(zone).y + at(row).y;
    row.seats.forEach(seat => seats.set(seat.seat_guid, {
      seat, row, level, x: left + seat.position.x, y: top + seat.position.y, el: null,
    }));
  }));
  chosen = new Set([...chosen].filter(guid => seats.has(guid)));
  if (!seats.has(cursor)) cursor = null;
};
const make = (name, attributes, words) => {
  const el = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, value);
  if (words !== undefined) el.textContent = words;
  return el;
};

/* Drawing. The kinds of categories come from the page's own drawing and from the server's answers. */
const looks = new Map();
const readLooks = () => {
  for (const el of seatsOf.querySelectorAll(".ps")) {
    const one = seats.get(el.dataset.g);
    if (one) looks.set(one.seat.category, { kind: [...el.classList].find(name => name.startsWith("k-")), color: $("rect", el).getAttribute("fill") });
  }
};
const look = category => looks.get(category) || { kind: "k-standard", color: (plan.categories.find(one => one.name === category) || {}).color || "#9aa5b1" };
const draw = () => {
  const fragment = document.createDocumentFragment();
  plan.zones.forEach(zone => zone.rows.forEach(row => {
    if (!row.seats.length) return;
    const first = row.seats.map(seat => seats.get(seat.seat_guid)).reduce((one, other) => other.x < one.x ? other : one);
    fragment.append(make("text", { class: "rn", x: first.x - 26, y: first.y + 4 }, row.row_number));
  }));
  for (const [guid, one] of seats) {
    const its = look(one.seat.category);
    one.el = make("g", { class: "ps " + its.kind, "data-g": guid });
    one.el.append(make("rect", { x: -10, y: -10, width: 20, height: 20, fill: its.color }), make("text", { y: 4 }, one.seat.seat_number));
    fragment.append(one.el);
    place(one);
  }
  seatsOf.replaceChildren(fragment);
  drawBoxes();
  fit();
  mark();
};
const place = one => one.el.setAttribute("transform", "translate(" + one.x + " " + one.y + ")");
const drawBoxes = () => {
  const fragment = document.createDocumentFragment();
  plan.zones.forEach(zone => (zone.areas || []).forEach(area => {
    const size = area && (area.rectangle || area);
    if (!area || !area.position || !(size.width > 0)) return;
    const x = at(zone).x + area.position.x, y = at(zone).y + area.position.y;
    fragment.append(make("rect", { class: "box", x, y, width: size.width, height: Math.abs(size.height) || 1 }));
    const words = area.text && (area.text.text || area.text);
    if (typeof words === "string") fragment.append(make("text", { class: "box-text", x: x + size.width / 2, y: y - 6 }, words));
  }));
  boxesOf.replaceChildren(fragment);
};
const fit = () => {
  let left = 0, top = 0, right = (plan.size || {}).width || 200, bottom = (plan.size || {}).height || 200;
  for (const one of seats.values()) {
    left = Math.min(left, one.x - SIDE);
    top = Math.min(top, one.y - SIDE);
    right = Math.max(right, one.x + SIDE);
    bottom = Math.max(bottom, one.y + SIDE);
  }
  svg.setAttribute("viewBox", [left, top, right - left, bottom - top].join(" "));
  svg.setAttribute("width", (right - left) * zoom);
  svg.setAttribute("height", (bottom - top) * zoom);
};
const mark = () => {
  for (const [guid, one] of seats) {
    one.el.classList.toggle("on", chosen.has(guid));
    one.el.classList.toggle("at", guid === cursor);
  }
  const rows = new Set([...chosen].map(guid => seats.get(guid).row));
  $("[data-chosen]").textContent = chosen.size ? words(chosen.size, "seat") + " of " + words(rows.size, "row") + " chosen" : "Nothing chosen";
};
const words = (count, what) => count + " " + what + (count === 1 ? "" : "s");
const nameOf = one => "Row " + one.row.row_number + " seat " + one.seat.seat_number + ", " + one.seat.category;

/* Choosing. */
const choose = (guids, more = false) => {
  chosen = new Set(more ? [...chosen, ...guids] : guids);
  mark();
};
const rowOf = guid => seats.get(guid).row.seats.map(seat => seat.seat_guid);
const go = guid => {
  cursor = guid;
  mark();
  says(nameOf(seats.get(guid)) + (chosen.has(guid) ? ", chosen" : ""));
  seats.get(guid).el.scrollIntoView({ block: "nearest", inline: "nearest" });
};
const next = (across, down) => {
  const from = seats.get(cursor);
  if (!from) return [...seats.keys()][0];
  let best = null, least = Infinity;
  for (const [guid, one] of seats) {
    const ahead = (one.x - from.x) * across + (one.y - from.y) * down;
    const aside = Math.abs((one.x - from.x) * down) + Math.abs((one.y - from.y) * across);
    if (ahead < 1) continue;
    const cost = ahead + 3 * aside;
    if (cost < least) [best, least] = [guid, cost];
  }
  return best;
};

/* Moving here, kept a moment later. */
const shift = (guids, across, down) => {
  for (const guid of guids) {
    const one = seats.get(guid);
    one.x += across;
    one.y += down;
    place(one);
  }
};
const settle = guids => {
  for (const guid of guids) {
    const one = seats.get(guid), zone = plan.zones[one.level];
    one.x = Math.max(12, Math.round(one.x));
    one.y = Math.max(12, Math.round(one.y));
    one.seat.position = { x: one.x - at(zone).x - at(one.row).x, y: one.y - at(zone).y - at(one.row).y };
    place(one);
  }
  fit();
};
const remember = was => {
  past.push(was);
  if (past.length > MOST_STEPS) past.shift();
  future = [];
};
const nudge = (across, down) => {
  if (!chosen.size) return says("Choose seats first.");
  remember(JSON.stringify(plan));
  shift(chosen, across, down);
  settle(chosen);
  keepSoon();
};
const step = (from, to, said) => {
  if (!from.length) return says("Nothing to take back.");
  to.push(JSON.stringify(plan));
  plan = JSON.parse(from.pop());
  show();
  keepSoon();
  says(said);
};
const show = () => {
  index();
  draw();
};

/* Keeping: one request at a time, each with the revision that it has seen. */
const status = (sentence, bad = false) => {
  const el = $("[data-saved]");
  el.textContent = sentence;
  el.classList.toggle("bad", bad);
};
const keepSoon = () => {
  dirty = true;
  status("Not kept yet");
  clearTimeout(timer);
  timer = setTimeout(() => send({}), KEEP_AFTER);
};
const send = what => {
  clearTimeout(timer);
  sending = sending.then(() => post(what), () => post(what));
  return sending;
};
const post = async what => {
  if (broken) return null;
  const body = JSON.stringify({ ...what, revision, plan: dirty || !what.change ? plan : undefined });
  dirty = false;
  let answer, told;
  try {
    answer = await fetch(box.dataset.save, {
      method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": box.dataset.token, Accept: "application/json" },
    });
    told = await answer.json();
  } catch {
    dirty = true;
    status(answer ? "Not kept: please open the page again" : "No connection: not kept yet", true);
    timer = setTimeout(() => send({}), 5000);
    return null;
  }
  if (!answer.ok) return refused(answer.status, told.error.message, what);
  revision = told.revision;
  for (const field of document.querySelectorAll("input[name=revision]")) field.value = revision;
  const problem = $(".js-problem", document);
  problem.hidden = !told.problem;
  $("span", problem).textContent = "Not finished yet. " + told.problem;
  $("[data-with-draft]", document).hidden = false;
  if (!dirty) status("Kept as a draft at " + new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }));
  return told;
};
const refused = (code, sentence, what) => {
  if (!what.change || code === 409) dirty = true;
  if (code === 409) broken = true;
  status("Not kept", true);
  const line = document.createElement("p");
  line.className = "flash bad";
  line.textContent = sentence + " ";
  if (broken) line.append(link("Open it again", location.pathname), " ", link("Take yours along as a file", URL.createObjectURL(new Blob([JSON.stringify(plan)], { type: "application/json" })), "plan.json"));
  document.getElementById("flashes").replaceChildren(line);
  document.getElementById("alert-live").textContent = sentence;
  line.scrollIntoView({ block: "nearest" });
  return null;
};
const link = (text, href, download) => {
  const a = document.createElement("a");
  Object.assign(a, { href, textContent: text });
  if (download) a.download = download;
  return a;
};

/* The forms: the same words, with the seats that are chosen on the map. */
const RELOADS = new Set(["save-category", "drop-category", "add-level", "rename-level", "drop-level", "to-level", "rename"]);
const fields = form => Object.fromEntries([...new FormData(form)].filter(([name]) => !["csrf_token", "revision", "change", "picks"].includes(name)));
const change = async (name, said) => {
  const was = JSON.stringify(plan);
  const told = await send({ change: name, words: said, chosen: [...chosen] });
  if (!told) return;
  document.getElementById("flashes").replaceChildren();
  if (RELOADS.has(name)) return location.reload();
  const before = new Set(seats.keys());
  remember(was);
  plan = told.plan;
  show();
  const fresh = [...seats.keys()].filter(guid => !before.has(guid));
  if (fresh.length) choose(fresh);
  says("Done. " + words(told.seats, "seat") + " in the plan.");
};
document.addEventListener("submit", async event => {
  const form = event.target;
  if (form.matches(".js-change")) {
    event.preventDefault();
    change(form.elements.change.value, fields(form));
  } else if (form.elements.revision && (dirty || timer)) {
    event.preventDefault();
    await sending; // what is just being kept makes a new revision, which the form must name
    if (dirty) await send({});
    if (!broken && !dirty) form.submit();
    else delete form.dataset.sent;
  }
});

/* Buttons. */
const resize = by => {
  zoom = Math.min(3, Math.max(0.4, zoom * by));
  fit();
};
const DO = {
  undo: () => step(past, future, "Taken back."),
  redo: () => step(future, past, "Done again."),
  all: () => choose(seats.keys()),
  none: () => choose([]),
  in: () => resize(1.25),
  out: () => resize(0.8),
};
box.addEventListener("click", event => {
  const button = event.target.closest("[data-do]");
  if (button && plan) DO[button.dataset.do]();
});

/* The pointer: a seat, many by a frame, dragging what is chosen. */
const point = event => {
  const from = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
  return { x: view.x + (event.clientX - from.left) * view.width / from.width, y: view.y + (event.clientY - from.top) * view.height / from.height };
};
let grip = null;
svg.addEventListener("pointerdown", event => {
  if (!plan || event.button) return;
  const start = point(event), el = event.target.closest(".ps"), guid = el && el.dataset.g, more = event.shiftKey || event.ctrlKey || event.metaKey;
  if (event.pointerType === "touch" && !guid) return;
  grip = { start, last: start, guid, more, moved: false, was: null, frame: null };
  if (guid) {
    cursor = guid;
    if (more && chosen.has(guid)) chosen.delete(guid);
    else if (!chosen.has(guid)) choose([guid], more);
    mark();
  } else if (!more) choose([]);
  svg.setPointerCapture(event.pointerId);
  sheet.focus({ preventScroll: true });
  event.preventDefault();
});
svg.addEventListener("pointermove", event => {
  if (!grip) return;
  const here = point(event);
  if (!grip.moved && Math.hypot(here.x - grip.start.x, here.y - grip.start.y) < 4) return;
  if (!grip.moved) grip.was = JSON.stringify(plan);
  grip.moved = true;
  if (grip.guid) {
    const across = Math.round((here.x - grip.start.x) / GRID) * GRID, down = Math.round((here.y - grip.start.y) / GRID) * GRID;
    shift(chosen, across - (grip.across || 0), down - (grip.down || 0));
    [grip.across, grip.down] = [across, down];
  } else frame(here);
});
const frame = here => {
  if (!grip.frame) {
    grip.frame = make("rect", { class: "frame" });
    svg.append(grip.frame);
  }
  const x = Math.min(here.x, grip.start.x), y = Math.min(here.y, grip.start.y);
  const width = Math.abs(here.x - grip.start.x), height = Math.abs(here.y - grip.start.y);
  for (const [key, value] of Object.entries({ x, y, width, height })) grip.frame.setAttribute(key, value);
  grip.inside = one => one.x >= x && one.x <= x + width && one.y >= y && one.y <= y + height;
};
const letGo = () => {
  if (!grip) return;
  const held = grip;
  grip = null;
  if (held.frame) {
    held.frame.remove();
    choose([...seats].filter(([, one]) => held.inside(one)).map(([guid]) => guid), held.more);
  } else if (held.moved && held.guid && (held.across || held.down)) {
    remember(held.was);
    settle(chosen);
    keepSoon();
  }
};
svg.addEventListener("pointerup", letGo);
svg.addEventListener("pointercancel", letGo);
svg.addEventListener("dblclick", event => {
  const el = document.elementFromPoint(event.clientX, event.clientY)?.closest(".ps");  // the target is the plan, which has caught the pointer
  if (el) choose(rowOf(el.dataset.g), event.shiftKey);
});

/* The keyboard, while the plan has the focus. */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
sheet.addEventListener("keydown", event => {
  if (!plan) return;
  const way = WAYS[event.key], command = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
  if (way && event.altKey) nudge(way[0] * STEP, way[1] * STEP);
  else if (way) {
    const guid = next(...way);
    if (guid && event.shiftKey) choose([cursor, guid].filter(Boolean), true);
    if (guid) go(guid);
  } else if (command && key === "z") event.shiftKey ? DO.redo() : DO.undo();
  else if (command && key === "y") DO.redo();
  else if (command && key === "a") DO.all();
  else if (command) return;
  else if (event.key === " " && cursor) {
    if (chosen.has(cursor)) chosen.delete(cursor);
    else chosen.add(cursor);
    go(cursor);
  } else if (key === "r" && cursor) choose(rowOf(cursor), event.shiftKey);
  else if (event.key === "Escape") DO.none();
  else if (event.key === "Delete" || event.key === "Backspace") change("delete", {});
  else if (key === "+" || key === "=") DO.in();
  else if (key === "-") DO.out();
  else return;
  event.preventDefault();
});
addEventListener("beforeunload", event => dirty && !broken && event.preventDefault());

/* Begin. */
fetch(box.dataset.file, { headers: { Accept: "application/json" } }).then(answer => answer.json()).then(read => {
  plan = read;
  index();
  readLooks();
  show();
  box.classList.add("drawn");
}).catch(() => status("The plan could not be read. Please open the page again.", true));
})();
