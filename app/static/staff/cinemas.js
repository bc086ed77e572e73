/* The form of a cinema: the chosen city suggests time zone and currency, as long as nobody wrote others. */
(() => {
"use strict";
const city = document.querySelector("#city");
const zone = document.querySelector("#timezone:not([readonly])");
const currency = document.querySelector("select#currency");
if (!city || !document.querySelector("[name=seen][value='']")) return;
let suggested = { zone: "", currency: "" };
const suggest = () => {
  const { zone: there = "", currency: money = "" } = city.selectedOptions[0].dataset;
  if (zone && (!zone.value || zone.value === suggested.zone)) zone.value = there;
  if (currency && (!currency.value || currency.value === suggested.currency)) currency.value = money;
  suggested = { zone: there, currency: money };
};
city.addEventListener("change", suggest);
suggest();
})();
