/* What a device keeps while it is alone: the list, and the queue of whom it let in. In IndexedDB, so that a reload, a flat
   battery or a closed window loses nobody. */
self.Door = self.Door || {};
(() => {
"use strict";
const asPromise = request => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

const open = () => {
  const request = indexedDB.open("door", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("kept");
    request.result.createObjectStore("queue", { autoIncrement: true });
  };
  return asPromise(request);
};

let base = null;
const store = async (name, mode) => {
  base = base || open();
  return (await base).transaction(name, mode).objectStore(name);
};

/* A queue entry is durable before anybody is told "Admit". */
const put = async (name, value, key) => {
  const into = await store(name, "readwrite");
  const done = new Promise((good, bad) => {
    into.transaction.oncomplete = () => good();
    into.transaction.onabort = () => bad(into.transaction.error);
  });
  const number = await asPromise(into.put(value, key));
  await done;
  return number;
};

const queue = async cinema => {
  const from = await store("queue", "readonly"), found = [];
  return new Promise((done, failed) => {
    const request = from.openCursor();
    request.onerror = () => failed(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return done(found);
      if (cursor.value.cinema === cinema) found.push({ number: cursor.key, ...cursor.value });
      cursor.continue();
    };
  });
};

Object.assign(self.Door, {
  keep: (name, value) => put("kept", value, name),
  kept: async name => asPromise((await store("kept", "readonly")).get(name)),
  enqueue: report => put("queue", report),
  queue,
  dequeue: async number => asPromise((await store("queue", "readwrite")).delete(number)),
});
})();
