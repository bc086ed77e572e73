/* The door. A code comes from the camera, a scanner on a cable or the keyboard; the server answers, and where it can't be
   asked, the device does (scan-check.js), loudly marked, and keeps whom it let in (scan-store.js) until it can tell. */
(() => {
"use strict";
const $ = what => document.querySelector(what);
const door = $("#door");
if (!door) return;
const form = $("#door-form"), entry = $("#words"), show = $("#show"), name = $("#door-name");
const cinema = door.dataset.cinema;
const TIMEOUT = 2500, SAME = 3000, EVERY = 10000, LIST_EVERY = 30000, ADMIT_SHOWN = 2500, BATCH = 50;

/* On the clocks of the cinema, as the server tells times; of the device until it knows where it is. */
const clockTime = at => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: list?.zone });
let list = null, csrf = form.elements.csrf_token.value, offlineSince = 0, sending = false, signedOut = false;
let inside = {};          /* by the ticket's code: whom this device let in and has not told yet */
const asked = new Map();  /* words → the key of a scan whose answer never came */

/* Names that this device keeps. */
const local = (key, value) => {
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch { return null; }
};
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, "0")).join("");
const device = local("door-device") || local("door-device", `device ${random().slice(0, 4).toUpperCase()}`) || "device";
$("#door-device").value = device;
if (!name.value) name.value = local("door-name") || "";
name.addEventListener("change", () => local("door-name", name.value.trim()));
if (show.value === "0" && [...show.options].some(one => one.value === local(`door-show-${cinema}`))) show.value = local(`door-show-${cinema}`);
show.addEventListener("change", () => {
  local(`door-show-${cinema}`, show.value);
  counts();
  refresh();
});

/* Sound and buzz, four of each. A browser gives sound only after somebody touched the page. */
const TONES = {
  admit: [["sine", 880, 0, .1], ["sine", 1320, .1, .16]],
  used: [["square", 520, 0, .09], ["square", 520, .14, .09], ["square", 520, .28, .09]],
  refused: [["sawtooth", 160, 0, .5]],
  unchecked: [["triangle", 660, 0, .14], ["triangle", 440, .16, .14], ["triangle", 294, .32, .22]],
};
const BUZZ = { admit: [80], used: [80, 70, 80, 70, 80], refused: [500], unchecked: [200, 100, 60, 100, 200] };
let audio = null;
const wake = () => {
  const Audio = self.AudioContext || self.webkitAudioContext;
  if (!audio && Audio) audio = new Audio();
  if (audio && audio.state === "suspended") audio.resume().catch(() => {});
};
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { passive: true });
const sound = kind => {
  navigator.vibrate?.(BUZZ[kind]);
  if (!audio) return;
  for (const [shape, height, from, long] of TONES[kind]) {
    const tone = audio.createOscillator(), gain = audio.createGain(), start = audio.currentTime + from;
    tone.type = shape;
    tone.frequency.value = height;
    gain.gain.setValueAtTime(.25, start);
    gain.gain.exponentialRampToValueAtTime(.001, start + long);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + long);
  }
};

/* The answer, over the whole screen until it is touched, or the next code comes; "Admit" goes by itself. */
const LETTERS = { admit: "✓", used: "!", refused: "×", unchecked: "?" };
const box = $("#answer");
let leaving = 0, noted = null;
const close = () => {
  box.hidden = true;
  document.body.classList.remove("answered");
  entry.focus();
};
const say = answer => {
  clearTimeout(leaving);
  box.className = `answer full ${answer.kind}${answer.offline ? " alone" : ""}`;
  $("#answer-mark").replaceChildren($(`#mark-${answer.kind}`).content.cloneNode(true));
  const words = { show: answer.show, screen: answer.offline ? alone() : answer.screen, reason: answer.reason, detail: answer.detail };
  for (const [part, text] of Object.entries(words)) $(`#answer-${part}`).textContent = text || "";
  $("#answer-live-word").textContent = answer.word;
  noted = answer.genuine ? answer : null;
  $("#answer-note").hidden = !noted;
  box.hidden = false;
  document.body.classList.add("answered");
  $("#alert-live").textContent = `${answer.offline ? "Offline. " : ""}${answer.word}. ${answer.reason}. ${answer.detail}`;
  sound(answer.kind);
  remember(answer);
  if (answer.kind === "admit") leaving = setTimeout(close, ADMIT_SHOWN);
};
$("#answer-close").addEventListener("click", close);
box.addEventListener("click", event => { if (!event.target.closest("button")) close(); });
addEventListener("keydown", event => { if (event.key === "Escape" && !box.hidden) close(); });
$("#answer-note").addEventListener("click", async () => {
  const answer = noted;
  if (!answer) return;
  noted = null;
  await letIn(answer);
  remember({ kind: "unchecked", word: "Noted", reason: answer.show });
  close();
});

/* The last ten. */
let last = JSON.parse(sessionStorage.getItem("door-last") || "[]");
const remember = answer => {
  const time = clockTime(Date.now());
  last = [{ kind: answer.kind, words: `${answer.word}, ${answer.seat || answer.reason}`, offline: answer.offline, time }, ...last].slice(0, 10);
  sessionStorage.setItem("door-last", JSON.stringify(last));
  drawLast();
};
const drawLast = () => {
  const lines = last.map(one => {
    const line = document.createElement("li"), mark = document.createElement("b"), time = document.createElement("time");
    mark.className = `m-${one.kind}`;
    mark.textContent = LETTERS[one.kind];
    mark.setAttribute("aria-hidden", "true");
    time.textContent = one.time;
    line.append(mark, time, ` ${one.words}${one.offline ? ", offline" : ""}`);
    return line;
  });
  $("#door-last").replaceChildren(...lines);
  $("#answer-last").replaceChildren(...lines.map(line => line.firstChild.cloneNode(true)));
};

drawLast();

/* Counts: what the server said last, and whom this device let in since. */
const chosen = () => Number(show.value);
const counts = () => {
  if (!list) return;
  const now = Date.now();
  const some = list.shows.filter(one => chosen() ? one.id === chosen() : one.starts - list.before * 6e4 <= now && now <= one.starts + list.after * 6e4);
  const here = Object.values(inside).filter(one => some.some(each => each.id === one.show)).length;
  const admitted = some.reduce((sum, one) => sum + one.admitted, 0) + here;
  const sold = some.reduce((sum, one) => sum + one.sold, 0);
  $("#door-in").textContent = admitted;
  $("#door-to-come").textContent = Math.max(0, sold - admitted);
  $("#answer-count").textContent = `${admitted} in, ${Math.max(0, sold - admitted)} to come`;
};

/* Asking the server. What is no answer of ours (a proxy's page, the sign-in) is none. */
class NoAnswer extends Error {}
class Refused extends Error {}
const ask = async (address, options = {}) => {
  let answer;
  const patience = new AbortController(), end = setTimeout(() => patience.abort(), options.patience || TIMEOUT);
  try {
    answer = await fetch(address, { ...options, signal: patience.signal, headers: { Accept: "application/json", ...options.headers } });
    if (answer.status >= 500) throw new NoAnswer();
    signedOut = answer.redirected;
    if (answer.redirected) throw new Refused("You are signed out. Sign in again; what this device noted is kept.");
    if (!answer.ok) throw new Refused(answer.status === 429 ? "Too many at once. Wait a moment." : `The server refuses (${answer.status}). Load this page again.`);
    const said = await answer.json();
    online();
    return said;
  } catch (problem) {
    if (problem instanceof Refused) {
      online();
      throw problem;
    }
    offline();
    throw new NoAnswer();
  } finally {
    clearTimeout(end);
  }
};
const offline = () => {
  offlineSince = offlineSince || Date.now();
  banner();
};
const online = () => {
  const was = offlineSince;
  offlineSince = 0;
  banner();
  if (was) send();
};
const minutes = since => Math.floor((Date.now() - since) / 6e4);
const alone = () => offlineSince && minutes(offlineSince) ? `Offline ${minutes(offlineSince)} min` : "Offline";
const banner = () => {
  const waiting = Object.keys(inside).length, bar = $("#door-offline");
  bar.hidden = !offlineSince && !signedOut && !waiting;
  bar.classList.toggle("sending", !offlineSince && !signedOut);
  const kept = list ? `The list is of ${clockTime(list.at)}.` : "This device has no list: nobody can be checked.";
  const words = signedOut ? "You are signed out: load this page again and sign in." : offlineSince ? `Since ${clockTime(offlineSince)}. ${kept}` : "Connected again.";
  $("#door-offline-words").textContent = waiting ? `${words} ${waiting} let in here, to be sent.` : words;
  bar.firstElementChild.textContent = signedOut ? "Signed out" : offlineSince ? "Offline" : "Sending";
};

/* The list that this device keeps. */
const refresh = async () => {
  const since = list && list.version && list.chosen === chosen() ? list.version : "";
  try {
    const said = await ask(`${door.dataset.list}?show=${chosen() || ""}&since=${since}`, { patience: 8000 });
    csrf = said.csrf;
    if (!said.tickets && list) said.tickets = list.tickets;
    list = { ...said, chosen: chosen(), cinema };
    delete list.csrf;
    await Door.keep(`list-${cinema}`, list);
  } catch { /* the banner says it */ }
  counts();
};
const poll = async () => {
  if (document.hidden) return;
  if (offlineSince || Date.now() - (list ? list.at : 0) > LIST_EVERY) await refresh();
  else {
    try {
      const said = await ask(`${door.dataset.list}?counts=1`);
      csrf = said.csrf;
      list.shows = said.shows;
    } catch { /* the banner says it */ }
  }
  if (Object.keys(inside).length && !offlineSince) await send();
  banner();
  counts();
};

/* Whom this device let in alone: kept first, told when it can be, in their order. */
const letIn = async answer => {
  const key = answer.key || random(), at = Date.now();
  await Door.enqueue({ key, words: answer.words, code: answer.code, show: answer.counted || 0, at, door: name.value.trim(), device, cinema });
  inside[answer.code] = { show: answer.counted || 0, time: clockTime(at) };
  banner();
  counts();
};
const send = async () => {
  if (sending) return;
  sending = true;
  try {
    for (;;) {
      const some = (await Door.queue(cinema)).slice(0, BATCH);
      if (!some.length) break;
      const reports = some.map(one => ({ key: one.key, words: one.words, at: one.at, door: one.door, device: one.device }));
      const said = await ask(door.dataset.queue, { method: "POST", patience: 15000, headers: { "Content-Type": "application/json", "X-CSRFToken": csrf }, body: JSON.stringify({ reports }) });
      const told = new Map(said.taken.map(one => [one.key, one]));
      let gone = 0;
      for (const one of some.filter(each => told.has(each.key))) {
        await Door.dequeue(one.number);
        delete inside[one.code];
        trouble(one, told.get(one.key));
        gone++;
      }
      if (!gone) break;
    }
    await refresh();
  } catch { /* later: nothing is lost */ } finally {
    sending = false;
    banner();
    counts();
  }
};

/* What the queue brought to light stays until somebody has seen it. */
const trouble = (report, told) => {
  if (told.outcome === "admitted") return;
  const here = `${told.at || ""} ${report.door || report.device}`.trim(), line = document.createElement("li");
  line.textContent = told.outcome === "double" ? `${told.seat} was let in twice: first ${told.first || ""} ${told.door || "at another door"}, then here, ${here}.`
    : told.outcome === "refused" ? `${told.seat} was let in here, ${here}, though the ticket ${told.reason === "cancelled" ? "was cancelled" : "is not paid"}.`
    : `${report.code}, let in here at ${clockTime(report.at)}, is no ticket of this cinema.`;
  $("#door-troubles").append(line);
  $("#door-trouble").hidden = false;
  $("#alert-live").textContent = line.textContent;
};
$("#door-seen").addEventListener("click", () => {
  $("#door-troubles").replaceChildren();
  $("#door-trouble").hidden = true;
  entry.focus();
});

/* One code after the other, whatever the last one was. */
let lately = { words: "", at: 0 }, line = Promise.resolve();
const take = words => {
  const now = Date.now(), same = words === lately.words && now - lately.at < SAME;
  lately = { words, at: now };
  if (!same) line = line.then(() => check(words)).catch(() => say(Door.unchecked("Something went wrong", "Scan it once more.")));
};
const check = async words => {
  const code = Door.isTyped(words) ? Door.normal(words) : Door.read(words)?.code;
  if (inside[code]) return say(Door.used(inside[code].time, "this device", "Not sent yet", { show: "", screen: "", offline: Boolean(offlineSince) }));
  const key = asked.get(words) || random(), body = new FormData(form);
  asked.set(words, key);
  for (const [field, value] of Object.entries({ words, key, csrf_token: csrf, device })) body.set(field, value);
  try {
    const said = await ask(door.dataset.scan, { method: "POST", body });
    asked.delete(words);
    if (list) list.shows = said.counts;
    mark(code, said);
    say(said);
  } catch (problem) {
    if (problem instanceof Refused) say(Door.unchecked("No answer", problem.message));
    else await decide(words, key);
  }
  counts();
};
/* The server's word goes into the list at once: the connection may be gone at the next person. */
const mark = (code, said) => {
  const kept = said.kind === "admit" && list?.tickets?.find(one => one[1] === code);
  if (kept) [kept[5], kept[6], kept[7]] = [1, clockTime(Date.now()), name.value.trim()];
};
const decide = async (words, key) => {
  const answer = { ...await Door.judge(words, list, chosen(), Date.now(), inside), words, key, offline: true };
  if (answer.kind === "admit") {
    await letIn(answer);
    asked.delete(words);
  }
  say(answer);
};

form.addEventListener("submit", event => {
  event.preventDefault();
  delete form.dataset.sent;  /* marquee.js drops a second submit of one form: here each is another ticket */
  const words = entry.value;
  entry.value = "";
  if (words.trim()) take(words);
});
entry.addEventListener("input", () => { if (!box.hidden) close(); });

/* The camera: a frame ten times a second is looked at for a code. */
const video = $("#door-video"), canvas = document.createElement("canvas"), MOST = 640;
const frame = () => {
  if (video.srcObject && !document.hidden && video.readyState >= 2) {
    const scale = Math.min(1, MOST / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    try {
      const found = jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
      if (found && found.data) take(found.data);
    } catch { /* a picture that the decoder stumbles over: the next one comes */ }
  }
  setTimeout(frame, 100);
};
let looking = false;
const start = async () => {
  const words = $("#door-camera-words");
  if (!navigator.mediaDevices) {
    words.textContent = "This browser gives no camera to pages without https. A scanner on a cable, and typing, work.";
    return;
  }
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
    video.hidden = false;
    await video.play();
    $("#door-start").hidden = true;
    words.textContent = "Hold the QR code in front of the camera.";
    video.srcObject.getVideoTracks()[0].addEventListener("ended", () => {
      video.srcObject = null;
      video.hidden = true;
      $("#door-start").hidden = false;
      words.textContent = "The camera has stopped. Start it again.";
    });
    if (!looking) {
      looking = true;
      frame();
    }
  } catch (problem) {
    words.textContent = problem.name === "NotAllowedError" ? "The camera is not allowed here. Allow it in the browser's settings for this page, then press the button again."
      : "No camera answers. A scanner on a cable, and typing, work.";
  }
  entry.focus();
};
$("#door-start").addEventListener("click", start);

const begin = async () => {
  try {
    list = (await Door.kept(`list-${cinema}`)) || null;
    for (const one of await Door.queue(cinema)) inside[one.code] = { show: one.show, time: clockTime(one.at) };
  } catch { $("#door-camera-words").textContent = "This browser keeps nothing: without a connection this device can't let anybody in."; }
  await refresh();
  if (Object.keys(inside).length && !offlineSince) await send();
  setInterval(poll, EVERY);
  door.dataset.ready = "yes";
};
addEventListener("online", () => { poll(); });
addEventListener("offline", offline);
navigator.serviceWorker?.register(door.dataset.worker, { scope: door.dataset.page }).then(async () => {
  await navigator.serviceWorker.ready;
  const kept = await fetch(door.dataset.page, { headers: { Accept: "text/html" } });
  if (kept.ok && !kept.redirected && self.caches) for (const one of await caches.keys()) if (one.startsWith("door-")) await (await caches.open(one)).put(door.dataset.page, kept.clone());
  door.dataset.installed = "yes";
}).catch(() => {});
navigator.storage?.persist?.().catch(() => {});
begin();
})();
