/* Keeps the door's page and its files for when there is no connection. FILES and PAGE come from the page's own server. */
"use strict";
const KEPT = `door-${FILES.join().split("").reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)}`;
const PATIENCE = 3000;

addEventListener("install", event => {
  event.waitUntil(caches.open(KEPT).then(cache => cache.addAll(FILES)).then(() => skipWaiting()));
});

addEventListener("activate", event => {
  const gone = caches.keys().then(names => Promise.all(names.filter(name => name.startsWith("door-") && name !== KEPT).map(name => caches.delete(name))));
  event.waitUntil(gone.then(() => clients.claim()));
});

/* The newest page if it comes in time; else the last one. A page that sends to the sign-in is not kept. */
const page = async request => {
  const cache = await caches.open(KEPT);
  const fresh = fetch(request).then(answer => {
    if (answer.ok && !answer.redirected) cache.put(PAGE, answer.clone());
    return answer;
  });
  const late = new Promise(done => { setTimeout(done, PATIENCE); });
  try {
    const first = await Promise.race([fresh, late]);
    if (first) return first;
  } catch { /* no connection */ }
  return (await cache.match(PAGE)) || fresh;
};

addEventListener("fetch", event => {
  const { request } = event, address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate" && address.pathname === PAGE) event.respondWith(page(request));
  else if (FILES.includes(address.pathname + address.search)) event.respondWith(caches.match(request.url).then(kept => kept || fetch(request)));
});
