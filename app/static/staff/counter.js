/* The counter by keyboard: the entry line is always where keys go, it shows what it means before Enter takes it. */
(() => {
"use strict";
const $ = (what, where = document) => where.querySelector(what);
const all = (what, where = document) => [...where.querySelectorAll(what)];
const sheet = $("[data-print-now]");
if (sheet) print();
const till = $("#till");
/* Caps on the buttons are real keys, on each page of the box office; an open menu takes Escape for itself. */
const pressed = event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("details[open]")) return;
  if (event.target.type === "search" && event.target.value) return; // there Escape empties the field
  const key = all(`[data-key="${event.key}"]`).pop();
  if (!key) return;
  event.preventDefault();
  key.click();
};
document.addEventListener("keydown", pressed);
if (!till) return;
const entry = $("#entry"), due = $("#due"), change = $("#change"), says = $("#entry-says");
const first = says.innerHTML;
const currency = till.dataset.currency;
const digits = new Intl.NumberFormat("en-GB", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
const money = minor => (minor < 0 ? "−" : "") + new Intl.NumberFormat("en-GB", { style: "currency", currency }).format(Math.abs(minor) / 10 ** digits);
const minorOf = words => Math.round(Number(words.replace(",", ".")) * 10 ** digits);
const LINE = /^\s*([0-9]{1,2})\s*([ACSOW][ACSOW\s]*)?\s*(?:(E)|([0-9]{1,7}(?:[.,][0-9]{1,3})?)|(T)\s*(\S*))?\s*$/i;
const letters = all("[name^=n-]").map(field => field.name.slice(2));
const field = letter => $(`#n-${letter}`);
const chosen = () => $("[name=show]:checked");
const price = letter => Number(chosen()?.dataset[(letter === "W" ? "a" : letter.toLowerCase())] ?? NaN);

/* For fingers: what people hand over for such a sum, in round notes. */
const notes = $("#notes");
const offer = sum => {
  if (!notes) return;
  const unit = 10 ** digits;
  const round = [5, 10, 20, 50, 100].map(note => Math.ceil(sum / (note * unit)) * note * unit);
  const wanted = sum ? [...new Set([sum, ...round])].filter(one => one >= sum).sort((a, b) => a - b).slice(0, 5) : [];
  notes.replaceChildren(...wanted.map(minor => {
    const button = document.createElement("button");
    const words = digits === 2 ? money(minor).replace(/[.,]00$/, "") : money(minor);
    Object.assign(button, { type: "button", className: "btn small quiet", textContent: words });
    button.addEventListener("click", () => {
      $("#cash").value = (minor / unit).toFixed(digits);
      add(minor);
    });
    return button;
  }));
};

/* What is chosen, added up; prices are the lowest, the server's bill is what counts. */
const add = given => {
  for (const output of all("[data-price]")) {
    const one = price(output.dataset.price.toUpperCase());
    output.textContent = Number.isNaN(one) ? "" : money(one);
  }
  const wanted = letters.filter(letter => Number(field(letter).value) > 0);
  const sum = wanted.reduce((sum, letter) => sum + Number(field(letter).value) * (price(letter) || 0), 0);
  if (!due) return;
  due.textContent = money(sum);
  offer(sum);
  const back = given === null ? 0 : given - sum;
  $("b", change).textContent = money(back);
  $("span", change).textContent = back < 0 ? "Missing" : "Change";
};
const cash = () => {
  const box = $("#cash");
  return box && /^[0-9]+([.,][0-9]+)?$/.test(box.value.trim()) ? minorOf(box.value.trim()) : null;
};
const read = () => {
  const line = entry.value.match(LINE);
  if (!entry.value.trim()) {
    says.innerHTML = first;
    return add(cash());
  }
  if (!line) {
    says.textContent = "Show number, letters, cash: 7 AA 30";
    return;
  }
  const [, number, kinds = "", exact, given, card, slip] = line;
  const show = $(`[name=show][data-number="${Number(number)}"]`);
  all("[name=show]").forEach(one => { one.checked = one === show; });
  for (const letter of letters) field(letter).value = kinds.toUpperCase().split(letter).length - 1;
  add(given ? minorOf(given) : null);
  says.textContent = !show ? `There is no show ${number}.` : !kinds ? "Now the tickets: A, C, S, O or W." :
    given || exact ? "⏎ takes the cash and prints" : card ? (slip ? "⏎ sells for the card" : "Now the slip's number") : "⏎ keeps the seats; or type the cash, E for exact, T and a slip";
};
entry.addEventListener("input", read);
till.addEventListener("input", event => {
  if (event.target === entry) return;
  entry.value = "";
  says.innerHTML = first;
  add(cash());
});
till.addEventListener("click", event => {
  const button = event.target.closest("[data-more], [data-less]");
  if (!button) return;
  const box = field(button.dataset.more || button.dataset.less);
  const step = button.dataset.more ? 1 : -1;
  box.value = Math.min(Number(box.max), Math.max(0, Number(box.value) + step));
  entry.value = "";
  add(cash());
});
/* Letters and digits go to the entry line from wherever nobody is typing. */
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || event.target.closest("details[open]")) return;
  if (event.key === "Escape") {
    event.preventDefault();
    if (entry.value || !$(".the-sale")) location.assign(till.dataset.new);
  } else if (/^[0-9a-z]$/i.test(event.key) && !event.target.closest("input:not([type=radio], [type=checkbox]), select, textarea")) {
    entry.focus();
  }
});
add(cash());
if (!$(".the-sale")) entry.focus();
})();
