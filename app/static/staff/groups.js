/* A group's offer: how many seats are ticked. */
(() => {
"use strict";
const output = document.querySelector("#picked");
if (!output) return;
const form = output.closest("form");
const tell = () => {
  const count = form.querySelectorAll("[name=seats]:checked").length;
  output.textContent = `${count} ${output.dataset.words}`;
};
form.addEventListener("change", tell);
tell();
})();
