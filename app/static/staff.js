/* The staff pages' small manners; everything works without them. */
(() => {
"use strict";
const $ = (what, where = document) => where.querySelector(what);

/* The clock of the cinema in the bar. */
const clock = $(".js-clock");
const tick = () => {
  try {
    clock.textContent = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: clock.dataset.zone });
  } catch { /* a zone that this browser does not know: the time of the page stays */ }
};
if (clock) {
  tick();
  setInterval(tick, 10000);
}

/* Where the bar is too narrow for its ways, the one that we are on is in sight. */
const nav = $(".nav"), here = $(".nav [aria-current]");
if (here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;

/* Boxes that ask first: focus goes in, Escape and "Leave it" close them, focus comes back. */
const close = box => {
  box.open = false;
  $("summary", box).focus();
};
document.addEventListener("toggle", event => {
  if (event.target.open && event.target.matches("details.confirm")) $("input:not([type=hidden]), button", event.target)?.focus();
}, true);
document.addEventListener("keydown", event => {
  const box = event.key === "Escape" && event.target.closest("details[open]");
  if (box && box.matches(".confirm, .menu")) close(box);
});
document.addEventListener("click", event => {
  if (event.target.closest("[data-close]")) close(event.target.closest("details"));
  if (event.target.closest("[data-print]")) print();
  const menu = $(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
/* Back to a form that was sent is the same form, also where the browser asks for its page anew. */
const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
const keys = [...document.querySelectorAll("[name=once]")].filter(field => !field.closest(".act, .confirm"));
const once = back && history.state?.once || {};
for (const field of keys) {
  const form = field.form.getAttribute("action") || "";
  field.value = once[form] = once[form] || field.value;
}
if (keys.length) history.replaceState({ ...history.state, once }, "");
/* A form that asks for the page again takes along what another one holds so far. */
document.addEventListener("submit", event => {
  for (const field of event.target.querySelectorAll("[data-carry]")) field.value = $("#" + field.dataset.carry).value;
});
document.addEventListener("focusin", event => event.target.matches("[data-select]") && event.target.select());
})();
