/* What a device can tell of a code without asking: is it one of ours, is its signature good, what does the list say.
   The counterpart of app/domain/ticket_payload.py; no code in here says "admit" of a signature that was not checked. */
self.Door = self.Door || {};
(() => {
"use strict";
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const VERSION = 1, SIGNATURE = 64, CODE = 5, TIME = 4, RANDOM = 8, LONGEST_TYPED = 30;

const fromBase45 = text => {
  const values = [...text].map(letter => BASE45.indexOf(letter));
  if (values.includes(-1) || values.length % 3 === 1) return null;
  const bytes = [];
  for (let place = 0; place < values.length; place += 3) {
    const group = values.slice(place, place + 3);
    const number = group.reduce((sum, value, power) => sum + value * 45 ** power, 0);
    if (number >= 2 ** (8 * (group.length - 1))) return null;
    if (group.length === 3) bytes.push(number >> 8, number & 255); else bytes.push(number);
  }
  return Uint8Array.from(bytes);
};

/* Numbers up to 2^53, so no shifting. */
const leb128 = (bytes, from) => {
  let number = 0, factor = 1, place = from;
  while (place < bytes.length && bytes[place] > 127) {
    number += (bytes[place++] & 127) * factor;
    factor *= 128;
  }
  return place < bytes.length ? [number + bytes[place] * factor, place + 1] : null;
};

const base32 = number => {
  let letters = "";
  while (number) {
    letters = BASE32[number % 32] + letters;
    number = Math.floor(number / 32);
  }
  return letters;
};

/* The ticket that the text of a QR code names, before its signature is looked at; null if it is none of ours. */
const read = text => {
  const bytes = fromBase45(text.replace(/^[\r\n\t]+|[\r\n\t]+$/g, ""));
  if (!bytes || bytes.length > 100 || bytes.length <= SIGNATURE + 2 || bytes[0] !== VERSION) return null;
  const body = bytes.slice(0, -SIGNATURE), numbers = [];
  let place = 2;
  for (let count = 0; count < 4; count++) {
    const found = leb128(body, place);
    if (!found) return null;
    numbers.push(found[0]);
    place = found[1];
  }
  if (body.length - place !== CODE + TIME) return null;
  const [show, , seat, number] = numbers;
  const bits = body.slice(place, place + CODE).reduce((sum, byte) => sum * 256 + byte, 0);
  const code = base32(show) + base32(bits).padStart(RANDOM, "0") + String(number).padStart(2, "0");
  return { key: String(body[1]), body, signature: bytes.slice(-SIGNATURE), show, seat, code };
};

const bytesOf = base64 => Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));

/* The browser's own Ed25519 where it has one. */
const verify = async (key, signature, body) => {
  const raw = bytesOf(key);
  try {
    const own = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", own, signature, body);
  } catch {
    return self.nacl.sign.detached.verify(body, signature, raw);
  }
};

const normal = words => words.trim().toUpperCase().replace(/[- ]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
const isTyped = words => words.trim().length <= LONGEST_TYPED;

const refused = (word, reason, detail, more) => ({ kind: "refused", word, reason, detail, show: "", screen: "", seat: "", ...more });
const unchecked = (reason, detail, more) => ({ kind: "unchecked", word: "Not checked", reason, detail, show: "", screen: "", seat: "", ...more });
const OLDEST = 12 * 3600e3;

/* What a door without a connection answers. list: what it keeps (null: nothing); chosen: id of a show or 0; now: ms;
   mine: what this device let in and has not sent, by the ticket's code. */
const judge = async (words, list, chosen, now, mine) => {
  if (!list || now - list.at > OLDEST) return unchecked("No connection", "This device has no list of today. Send them to another door.");
  const named = isTyped(words) ? { code: normal(words) } : read(words);
  if (!named) return refused("Not a ticket", "This is no code of ours", "Scan again, or type the code under the QR code.");
  if (named.key !== undefined) {
    const key = list.keys[named.key];
    if (!key) return refused("Not ours", "Signed with no key of ours", "An old or a foreign ticket. Ask to see the booking.");
    if (!await verify(key, named.signature, named.body)) return refused("Forged", "The signature is wrong", "Nobody here made this code. Ask to see the booking.");
  }
  return listed(named, list, chosen, now, mine);
};

const listed = (named, list, chosen, now, mine) => {
  const line = list.tickets.find(one => one[1] === named.code && (named.seat === undefined || one[2] === named.seat));
  const show = list.shows.find(one => one.id === (line ? line[0] : named.show));
  const words = show ? { show: `${show.title} ${show.time}`, screen: show.screen } : {};
  if (show && chosen && show.id !== chosen) return refused("Wrong show", `${show.title} ${show.time}`, `${show.screen}. Today.`, words);
  if (!line) return absent(named, show, words);
  const [, code, , place, kind, state, since, door] = line, more = { ...words, seat: place, code };
  if (!chosen && !isNow(show, list, now)) return refused("Not now", words.show, `${show.screen}. Today. To let them in all the same, choose that show.`, more);
  if (mine[code]) return used(mine[code].time, "this device", place, more);
  if (state === 1) return used(since, door, place, more);
  if (state === 2) return refused("Cancelled", place, "This seat was given back or changed for another. Ask for the newer ticket.", more);
  return { kind: "admit", word: "Admit", reason: place, detail: `${kind}. Checked against this device's list.`, ...more, counted: show.id };
};

const isNow = (show, list, now) => show && show.starts - list.before * 6e4 <= now && now <= show.starts + list.after * 6e4;
const used = (since, door, place, more) => ({ kind: "used", word: "Already used", reason: door ? `${since}, ${door}` : since, detail: `${place}. Ask to see the booking.`, ...more });

/* A good signature and no line: sold after the list came, or of another day. A typed code has not even the signature. */
const absent = (named, show, words) => {
  if (named.key === undefined) return unchecked("No connection", "No ticket on this device's list has this code. It may be newer than the list.");
  if (!show) return refused("Wrong show", "No show of today here", "The code is genuine, but for another day or cinema.");
  return unchecked("No connection", "The code is genuine, but newer than this device's list. Whether it was used already is unknown.", { ...words, code: named.code, genuine: true });
};

Object.assign(self.Door, { read, verify, normal, isTyped, judge, unchecked, used });
})();
