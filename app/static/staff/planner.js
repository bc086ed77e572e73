/* The week planner: films and shows are dragged; what is sent are the same forms. Without this script the pages do it all. */
(() => {
"use strict";
const $ = (what, where = document) => where.querySelector(what);
const planner = $("#planner"), dialog = $("#move");
if (!dialog) return;
const form = $("form", dialog), zone = planner.dataset.zone;
const FAR = 6, STILL = 10, HOLD = 400, STEP = 300, EDGE = 48, NUDGE = 24;
let drag = null, refusal = null, dropped = false;

const say = (words, bad) => {
  $(bad ? "#alert-live" : "#announce").textContent = words;
  const line = document.createElement("p");
  line.className = bad ? "flash bad" : "flash ok";
  const mark = document.createElement("b");
  mark.setAttribute("aria-hidden", "true");
  mark.textContent = bad ? "✕" : "✓";
  line.append(mark, words);
  $("#flashes").replaceChildren(line);
};
const clock = seconds => new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
const wall = seconds => new Date(seconds * 1000).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T").slice(0, 16);

/* Send, and show the week as it is then. */
const send = async (address, fields) => {
  const body = new FormData(), once = crypto.getRandomValues(new Uint32Array(4)).join("-").slice(0, 40);
  Object.entries({ once, csrf_token: form.elements.csrf_token.value, dragged: "1", ...fields }).forEach(([name, value]) => body.append(name, value));
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!(answer.headers.get("Content-Type") || "").includes("json")) return { error: { message: "This could not be done. Load the page again." } };
    return await answer.json();
  } catch {
    return { error: { message: "No connection. Nothing was changed." } };
  }
};
const renew = async show => {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const fresh = $("#planner", page), before = $(".week-wrap"), left = before ? before.scrollLeft : 0;
  if (!fresh) return location.reload();
  planner.replaceChildren(...fresh.childNodes);
  $(".week-wrap").scrollLeft = left;
  const moved = $(`.week [data-show="${show}"]`);
  if (moved) moved.focus();
};
const done = async (answer, link, spot) => {
  if (answer.error) {
    if (spot) refuse(link, spot, answer.error.message);
    return say(answer.error.message, true);
  }
  refusal = null;
  await renew(answer.show);
  say(answer.words);
};
const moved = (show, fields) => send(dialog.dataset.action.replace("/0/", `/${show}/`), fields);

/* A move that was refused stands hatched where it would have been, with the reason, until it is taken away. */
const span = (lane, column) => {
  const left = $("td", lane).getBoundingClientRect().left, width = lane.getBoundingClientRect().right - left;
  const columns = Number(lane.closest("table").dataset.columns);
  return { lane, left, width, columns, column, at: Number(lane.dataset.start) + column * STEP };
};
const lay = (element, { lane, left, width, columns, column }, long) => {
  const wrap = $(".week-wrap"), edge = wrap.getBoundingClientRect(), one = width / columns;
  element.style.left = `${left + column * one - edge.left + wrap.scrollLeft}px`;
  element.style.top = `${lane.getBoundingClientRect().top - edge.top + wrap.scrollTop + 3}px`;
  element.style.width = `${Math.max(40, long * one)}px`;
};
const words = (kind, text, css) => {
  const element = document.createElement(kind);
  element.textContent = text;
  if (css) element.className = css;
  return element;
};
const layRefusal = () => {
  const { box, note, lane, column, long } = refusal, wrap = $(".week-wrap");
  lay(box, span(lane, column), long);
  note.style.left = `${Math.max(wrap.scrollLeft, Math.min(box.offsetLeft, wrap.scrollLeft + wrap.clientWidth - note.offsetWidth - 8))}px`;
  const below = box.offsetTop + box.offsetHeight + 4;
  note.style.top = `${below + note.offsetHeight > wrap.scrollHeight ? box.offsetTop - note.offsetHeight - 4 : below}px`;
};
const takeAway = () => {
  refusal?.box.remove();
  refusal?.note.remove();
  refusal = null;
};
const refuse = (link, spot, sentence) => {
  takeAway();
  const box = document.createElement("div"), note = document.createElement("div"), button = words("button", "Take it away", "btn small quiet");
  box.className = "refused-move";
  box.append(words("b", link.dataset.title, "board-face"), words("span", `${clock(spot.at)} refused`));
  note.className = "refused-note";
  note.setAttribute("role", "group");
  note.setAttribute("aria-label", `Refused: ${link.dataset.title}`);
  button.type = "button";
  button.addEventListener("click", () => {
    takeAway();
    if (link.isConnected) link.focus();
  });
  note.append(words("p", sentence), button);
  $(".week-wrap").append(box, note);
  refusal = { box, note, lane: spot.lane, column: spot.column, long: Number(link.dataset.span) };
  layRefusal();
};
/* Where a screen and a time on the wall stand in this week, if they do. */
const standing = (screen, typed) => {
  for (const lane of document.querySelectorAll(`.lane[data-screen="${screen}"]`)) {
    const start = Number(lane.dataset.start), columns = Number(lane.closest("table").dataset.columns);
    if (wall(start) > typed || wall(start + columns * STEP) <= typed) continue;
    return span(lane, (Date.parse(typed) - Date.parse(wall(start))) / (STEP * 1000));
  }
  return null;
};
addEventListener("resize", () => refusal && layRefusal());

/* The box with day, time, screen and, for a show on sale, the reason. */
const ask = (link, at, screen) => {
  const draft = "draft" in link.dataset;
  $("#move-title").textContent = `Move ${link.dataset.title}`;
  form.dataset.show = link.dataset.show;
  form.elements.was.value = link.dataset.was;
  form.elements.at.value = at ? new Date(at * 1000).toISOString() : "";
  form.elements.starts_at.value = at ? wall(at) : link.dataset.local;
  form.elements.screen_id.value = screen || link.dataset.was.split("@")[0];
  form.elements.reason.value = "";
  form.elements.reason.required = !draft;
  $("#move-why").hidden = draft;
  $("#move-refused").hidden = true;
  dialog.showModal();
  (at && !draft ? form.elements.reason : form.elements.starts_at).focus();
  dialog.back = link.dataset.show;
};
const wallTyped = () => form.elements.starts_at.value.slice(0, 16);
form.elements.starts_at.addEventListener("input", () => { form.elements.at.value = ""; });
form.addEventListener("submit", async event => {
  event.preventDefault();
  const { at, was, starts_at, screen_id, reason } = form.elements;
  const answer = await moved(form.dataset.show, { at: at.value, was: was.value, starts_at: starts_at.value, screen_id: screen_id.value, reason: reason.value });
  if (answer.error) {
    const refused = $("#move-refused");
    refused.textContent = answer.error.message;
    refused.hidden = false;
    $("#alert-live").textContent = answer.error.message;
    const link = $(`.week [data-show="${form.dataset.show}"]`), spot = standing(screen_id.value, wallTyped());
    if (link && spot) refuse(link, spot, answer.error.message);
    return;
  }
  dialog.close();
  await done(answer);
});
dialog.addEventListener("close", () => $(`.week [data-show="${dialog.back}"]`)?.focus());
$("[data-leave]", dialog).addEventListener("click", () => dialog.close());

/* Where the pointer is: a lane, and the seconds at which the show would begin there. */
const place = (x, y) => {
  const lane = document.elementFromPoint(x, y)?.closest(".lane");
  if (!lane || !("open" in lane.dataset)) return null;
  const { left, width, columns } = span(lane, 0);
  return span(lane, Math.max(0, Math.min(columns - 1, Math.round((x - drag.grip - left) / width * columns))));
};
const show = spot => {
  const { ghost, link } = drag;
  document.querySelectorAll(".lane.over").forEach(lane => lane.classList.remove("over"));
  ghost.hidden = !spot;
  if (!spot) return;
  spot.lane.classList.add("over");
  lay(ghost, spot, Number(link.dataset.span));
  ghost.textContent = `${clock(spot.at)} ${spot.lane.dataset.name}`;
};
/* A finger that drags can't scroll: near an edge the week and the page come along. */
const nudge = () => {
  const wrap = $(".week-wrap"), edge = wrap.getBoundingClientRect(), { x, y } = drag.now;
  const across = x < Math.max(0, edge.left) + EDGE ? -NUDGE : x > Math.min(innerWidth, edge.right) - EDGE ? NUDGE : 0;
  const down = y < EDGE ? -NUDGE : y > innerHeight - EDGE ? NUDGE : 0;
  if (!across && !down) return;
  wrap.scrollLeft += across;
  scrollBy(0, down);
  show(place(x, y));
};
const begin = () => {
  takeAway();
  drag.on = true;
  if (drag.touch) drag.nudging = setInterval(nudge, 50);
  drag.ghost = document.createElement("div");
  drag.ghost.className = "ghost";
  $(".week-wrap").append(drag.ghost);
  drag.link.classList.add("moving");
  document.body.classList.add("dragging");
  $("#announce").textContent = `Moving ${drag.link.dataset.title}. Escape leaves it where it is.`;
  show(place(drag.now.x, drag.now.y));
};
const stop = () => {
  if (!drag) return;
  clearTimeout(drag.lifting);
  clearInterval(drag.nudging);
  drag.ghost?.remove();
  drag.link.classList.remove("moving");
  document.body.classList.remove("dragging");
  document.querySelectorAll(".lane.over").forEach(lane => lane.classList.remove("over"));
  drag = null;
};
const drop = async (link, spot) => {
  if (link.dataset.film) {
    return done(await send(dialog.dataset.make, { movie_id: link.dataset.film, slot: `${spot.lane.dataset.screen}@${new Date(spot.at * 1000).toISOString()}` }), link, spot);
  }
  if (`${spot.lane.dataset.screen}@${spot.at}` === link.dataset.was) return null;
  if (!("draft" in link.dataset)) return ask(link, spot.at, spot.lane.dataset.screen);
  return done(await moved(link.dataset.show, { at: new Date(spot.at * 1000).toISOString(), was: link.dataset.was, screen_id: spot.lane.dataset.screen }), link, spot);
};

/* A mouse lifts by moving. A finger lifts by staying: one that moves at once scrolls, as everywhere. */
document.addEventListener("pointerdown", event => {
  dropped = false;
  if (drag) return stop();
  const link = event.target.closest("#planner .week [data-show], #planner [data-film]");
  if (!link || event.button || !$(".week-wrap")?.offsetParent) return;
  const grip = link.dataset.film ? 0 : event.clientX - link.getBoundingClientRect().left, now = { x: event.clientX, y: event.clientY };
  drag = { link, grip, first: now, now, on: false, touch: event.pointerType === "touch", id: event.pointerId };
  if (drag.touch) drag.lifting = setTimeout(() => {
    begin();
    navigator.vibrate?.(15);
  }, HOLD);
});
document.addEventListener("pointermove", event => {
  if (!drag || event.pointerId !== drag.id) return;
  drag.now = { x: event.clientX, y: event.clientY };
  const far = Math.hypot(drag.now.x - drag.first.x, drag.now.y - drag.first.y);
  if (drag.on) show(place(drag.now.x, drag.now.y));
  else if (drag.touch && far > STILL) stop();
  else if (!drag.touch && far >= FAR) begin();
});
document.addEventListener("pointerup", event => {
  if (!drag || event.pointerId !== drag.id) return;
  const { link, on } = drag, spot = on ? place(event.clientX, event.clientY) : null;
  dropped = on;
  stop();
  if (!on) return;
  addEventListener("click", click => click.preventDefault(), { once: true, capture: true });
  setTimeout(() => dispatchEvent(new Event("click")), 0);
  if (spot) drop(link, spot);
});
/* While something is lifted the finger drags: no scrolling, no menu of the link, no click when it lets go. */
planner.addEventListener("touchmove", event => { if (drag?.on && event.cancelable) event.preventDefault(); }, { passive: false });
planner.addEventListener("touchend", event => { if (dropped && event.cancelable) event.preventDefault(); }, { passive: false });
document.addEventListener("contextmenu", event => { if (drag?.touch) event.preventDefault(); });
document.addEventListener("pointercancel", stop);
document.addEventListener("dragstart", event => {
  if (event.target.closest?.("#planner [data-show], #planner [data-film]")) event.preventDefault();
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && drag) {
    const on = drag.on;
    stop();
    if (on) $("#announce").textContent = "Left where it was.";
    return;
  }
  if (event.key === "Escape" && refusal && !dialog.open) return takeAway();
  if (dialog.open || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const key = event.key.toLowerCase(), link = event.target.closest("#planner .week [data-show]");
  if (key === "n" && $("#new-show")) {
    event.preventDefault();
    $("#new-show").click();
  } else if (key === "m" && link) {
    event.preventDefault();
    ask(link);
  }
});
})();
