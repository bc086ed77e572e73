/* The week planner: films and shows are dragged; what is sent are the same forms. Without this script the pages do it all. */
(() => {
"use strict";
const $ = (what, where = document) => where.querySelector(what);
const planner = $("#planner"), dialog = $("#move");
if (!dialog) return;
const form = $("form", dialog), zone = planner.dataset.zone;
const FAR = 6, STEP = 300;
let drag = null;

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
  const body = new FormData();
  Object.entries({ csrf_token: form.elements.csrf_token.value, dragged: "1", ...fields }).forEach(([name, value]) => body.append(name, value));
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
const done = async answer => {
  if (answer.error) return say(answer.error.message, true);
  await renew(answer.show);
  say(answer.words);
};
const moved = (show, fields) => send(dialog.dataset.action.replace("/0/", `/${show}/`), fields);

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
  const left = $("td", lane).getBoundingClientRect().left, width = lane.getBoundingClientRect().right - left;
  const table = lane.closest("table"), columns = Number(table.dataset.columns);
  const column = Math.max(0, Math.min(columns - 1, Math.round((x - drag.grip - left) / width * columns)));
  return { lane, left, width, columns, column, at: Number(lane.dataset.start) + column * STEP };
};
const show = spot => {
  const { ghost, link } = drag, wrap = $(".week-wrap"), edge = wrap.getBoundingClientRect();
  document.querySelectorAll(".lane.over").forEach(lane => lane.classList.remove("over"));
  ghost.hidden = !spot;
  if (!spot) return;
  spot.lane.classList.add("over");
  const one = spot.width / spot.columns;
  ghost.style.left = `${spot.left + spot.column * one - edge.left + wrap.scrollLeft}px`;
  ghost.style.top = `${spot.lane.getBoundingClientRect().top - edge.top + wrap.scrollTop + 3}px`;
  ghost.style.width = `${Math.max(40, Number(link.dataset.span) * one)}px`;
  ghost.textContent = `${clock(spot.at)} ${spot.lane.dataset.name}`;
};
const begin = event => {
  drag.on = true;
  drag.ghost = document.createElement("div");
  drag.ghost.className = "ghost";
  $(".week-wrap").append(drag.ghost);
  drag.link.classList.add("moving");
  document.body.classList.add("dragging");
  $("#announce").textContent = `Moving ${drag.link.dataset.title}. Escape leaves it where it is.`;
  show(place(event.clientX, event.clientY));
};
const stop = () => {
  if (!drag) return;
  drag.ghost?.remove();
  drag.link.classList.remove("moving");
  document.body.classList.remove("dragging");
  document.querySelectorAll(".lane.over").forEach(lane => lane.classList.remove("over"));
  drag = null;
};
const drop = async (link, spot) => {
  if (link.dataset.film) {
    return done(await send(dialog.dataset.make, { movie_id: link.dataset.film, slot: `${spot.lane.dataset.screen}@${new Date(spot.at * 1000).toISOString()}` }));
  }
  if (`${spot.lane.dataset.screen}@${spot.at}` === link.dataset.was) return null;
  if (!("draft" in link.dataset)) return ask(link, spot.at, spot.lane.dataset.screen);
  return done(await moved(link.dataset.show, { at: new Date(spot.at * 1000).toISOString(), was: link.dataset.was, screen_id: spot.lane.dataset.screen }));
};

document.addEventListener("pointerdown", event => {
  const link = event.target.closest("#planner .week [data-show], #planner [data-film]");
  if (!link || event.button || event.pointerType === "touch" || !$(".week-wrap")?.offsetParent) return;
  const grip = link.dataset.film ? 0 : event.clientX - link.getBoundingClientRect().left;
  drag = { link, grip, x: event.clientX, y: event.clientY, on: false };
});
document.addEventListener("pointermove", event => {
  if (!drag) return;
  if (!drag.on && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < FAR) return;
  if (!drag.on) begin(event);
  else show(place(event.clientX, event.clientY));
});
document.addEventListener("pointerup", event => {
  if (!drag) return;
  const { link, on } = drag, spot = on ? place(event.clientX, event.clientY) : null;
  stop();
  if (!on) return;
  addEventListener("click", click => click.preventDefault(), { once: true, capture: true });
  setTimeout(() => dispatchEvent(new Event("click")), 0);
  if (spot) drop(link, spot);
});
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
