/* A film's poster: a file that is too large is told before it is sent. */
(() => {
"use strict";
const input = document.querySelector(".js-picture");
const why = document.querySelector(".js-picture-why");
if (!input || !why) return;
input.addEventListener("change", () => {
  const file = input.files[0];
  const most = Number(input.dataset.most);
  const tooLarge = Boolean(file) && file.size > most * 1048576;
  const words = tooLarge ? "This file has " + (file.size / 1048576).toFixed(1) + " MB. A poster may have at most " + most + " MB." : "";
  why.textContent = words;
  why.hidden = !tooLarge;
  input.closest(".field").classList.toggle("wrong", tooLarge);
  input.setCustomValidity(words);
  if (tooLarge) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
});
})();
