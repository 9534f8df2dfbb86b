// Throughline in a page: page views and events, posted to the collector that this file comes from.
//
//   <script async src="https://collector.example/v1/throughline.js" data-key="WRITE KEY"></script>
//
// data-domain=".shop.example"  one visitor on all subdomains      data-pages="off"          page() is called by hand
// data-consent="required"      nothing before optIn()
//
// An event stays in localStorage until the collector has it, so one may be sent twice: message_id makes it one.
(function () {
  "use strict";
  const script = document.currentScript || document.querySelector('script[src*="/throughline.js"]');
  const early = Array.isArray(window.throughline) ? window.throughline : [];
  if (!script || (window.throughline && window.throughline.track)) return; // nowhere to send to, or here twice
  const { key = "", domain, consent, pages } = script.dataset;
  const endpoint = new URL("touchpoints", script.src).href + "?write_key=" + encodeURIComponent(key);
  const most = { waiting: 500, events: 50, bytes: 48000, event: 32000, pause: 60000 }; // browsers let go of 64 KB when a page ends
  const year = 31536000;

  // What is kept. Where storage is denied or full, it is kept for as long as the page lives.
  const prefix = "throughline.", memory = {};
  function get(name) {
    if (name in memory) return memory[name];
    try { return localStorage.getItem(prefix + name); } catch { return null; }
  }
  function put(name, value) {
    delete memory[name];
    try { localStorage.setItem(prefix + name, value); } catch { memory[name] = value; }
  }
  function drop(name) {
    delete memory[name];
    try { localStorage.removeItem(prefix + name); } catch { /* it was not there */ }
  }
  /** Names of the events that wait, the oldest first. */
  function waiting() {
    let names = Object.keys(memory);
    try { names = names.concat(Object.keys(localStorage).filter((k) => k.startsWith(prefix)).map((k) => k.slice(prefix.length))); } catch { /* none */ }
    return names.filter((name) => name.startsWith("event.")).sort();
  }
  function cookie(value, age) {
    try {
      if (age !== undefined) {
        document.cookie = `throughline_id=${value}; path=/; max-age=${age}; samesite=lax` +
          (location.protocol === "https:" ? "; secure" : "") + (domain ? `; domain=${domain}` : "");
      }
      return (document.cookie.match(/(?:^|; )throughline_id=([^;]+)/) || [])[1];
    } catch { return undefined; }
  }

  // Who it is.
  let made = 0;
  /** An id that sorts by time. */
  function newID() {
    const random = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
    return Date.now().toString(36).padStart(9, "0") + (made++ % 46656).toString(36).padStart(3, "0") + "-" + random;
  }
  function anonymousID() {
    const id = cookie() || get("anonymous_id") || newID();
    if (get("anonymous_id") !== id) put("anonymous_id", id);
    return id;
  }
  function newVisitor() {
    drop("user_id");
    put("anonymous_id", newID());
    cookie(get("anonymous_id"), year);
  }
  /** The visitor's own word counts more than the browser's general one. */
  function allowed() {
    const said = get("consent");
    if (said) return said === "in";
    return consent !== "required" && !navigator.globalPrivacyControl && navigator.doNotTrack !== "1";
  }

  // Where it is. A step within the site has the page before it as its referrer.
  let seen, referrer = document.referrer, due = 0;
  const address = () => location.href.split("#")[0];
  function view(properties) {
    clearTimeout(due);
    due = 0;
    if (seen) referrer = seen;
    if (add("page", undefined, properties)) seen = address();
  }
  /** The title of the next page often comes a moment after its address. */
  function moved() {
    if (pages !== "off" && address() !== seen && !due) due = setTimeout(view, 100);
  }

  // Events: into the store, from there in batches to the collector, out of the store when it has answered.
  function add(type, event, properties, fields) {
    if (!allowed()) return false;
    const touchpoint = Object.assign({
      message_id: newID(), type, event, anonymous_id: anonymousID(), user_id: get("user_id") || undefined,
      timestamp: new Date().toISOString(), properties,
      context: { page: { url: address(), referrer, title: document.title }, locale: navigator.language },
    }, fields);
    const text = JSON.stringify(touchpoint);
    if (new Blob([text]).size > most.event) throw new Error(`${event || type} has more than ${most.event} bytes`);
    const names = waiting();
    if (names.length >= most.waiting) {
      console.warn("throughline: too many events wait, the oldest is given up");
      drop(names[0]);
    }
    put("event." + touchpoint.message_id, text);
    later(250);
    return true;
  }

  const inFlight = new Set(), withBeacon = new Set();
  let timer = 0, failures = 0, stopped = false;
  function later(ms) {
    if (!timer && !stopped) timer = setTimeout(send, failures ? Math.max(ms, 1000) : ms);
  }
  function now() {
    clearTimeout(timer);
    timer = failures = 0;
    later(0);
  }
  /** The next events to send: not those that are on their way. */
  function next() {
    const batch = [];
    let size = 0;
    for (const name of waiting()) {
      const text = inFlight.has(name) || withBeacon.has(name) ? null : get(name);
      if (!text) continue;
      size += new Blob([text]).size + 1;
      if (batch.length === most.events || size > most.bytes) break;
      batch.push({ name, text });
    }
    return batch;
  }
  const body = (batch) => `{"sent_at":"${new Date().toISOString()}","batch":[${batch.map((one) => one.text).join()}]}`;

  async function send() {
    timer = 0;
    const batch = inFlight.size || !allowed() ? [] : next();
    if (!batch.length) return;
    batch.forEach((one) => inFlight.add(one.name));
    let pause;
    try {
      // Text, and the key in the address: a simple request, for which browsers do not ask first.
      pause = await settle(await fetch(endpoint, { method: "POST", body: body(batch), keepalive: true, credentials: "omit" }), batch);
    } catch {
      pause = 0; // offline, or the collector is away
      failures++;
    }
    inFlight.clear();
    if (failures) pause = Math.max(pause, Math.min(most.pause, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
    if (next().length) later(pause);
  }
  /** Removes what the collector has answered for, and gives how long it wants to be left alone. */
  async function settle(response, batch) {
    const { results = [], error } = await response.json().catch(() => ({}));
    for (const { index, status, field, detail } of results) {
      if (status !== "retry") drop(batch[index].name);
      if (status === "rejected") console.warn("throughline: refused:", field || "", detail, batch[index].text);
    }
    if (error) console.warn("throughline:", error.detail);
    if ([400, 413, 415].includes(response.status)) batch.forEach((one) => drop(one.name)); // it would never be taken
    stopped = [401, 403].includes(response.status); // until the next page: the key or the origin is wrong
    failures = response.ok && results.length && !results.some((one) => one.status === "retry") ? 0 : failures + 1;
    return 1000 * (response.headers.get("Retry-After") || 0);
  }
  /** The page may be gone in a moment. What a beacon takes is sent again by the next page: nobody hears of its answer. */
  function leave() {
    if (due) view();
    const batch = allowed() && !stopped ? next() : [];
    if (batch.length && navigator.sendBeacon && navigator.sendBeacon(endpoint, body(batch))) batch.forEach((one) => withBeacon.add(one.name));
  }
  function back() {
    withBeacon.clear();
    now();
  }

  const api = {
    track(event, properties, fields) {
      if (due) view();
      add("track", event, properties, fields);
    },
    page: view,
    identify(id, traits) {
      if (!allowed()) return;
      const user = String(id ?? "").trim(), before = get("user_id");
      if (/^(null|undefined)?$/i.test(user)) throw new Error("identify() wants the id of a user");
      if (before && before !== user) newVisitor(); // somebody else: nothing of the first is theirs
      put("user_id", user);
      add("identify", undefined, traits);
    },
    reset: () => { if (allowed()) newVisitor(); },
    optIn() {
      put("consent", "in");
      begin();
    },
    optOut() {
      ["user_id", "anonymous_id", ...waiting()].forEach(drop);
      cookie("", 0);
      put("consent", "out");
    },
    anonymousId: () => (allowed() ? anonymousID() : undefined),
  };
  for (const [name, does] of Object.entries(api)) {
    api[name] = (...args) => { try { return does(...args); } catch (error) { console.error("throughline:", error); } return undefined; };
  }
  api.push = ([name, ...args]) => api[name](...args);
  window.throughline = api;

  function begin() {
    if (!allowed()) return;
    cookie(anonymousID(), year);
    if (pages !== "off" && !seen) api.page();
    now();
  }
  function start() {
    const word = ([name]) => name === "optIn" || name === "optOut";
    early.filter(word).forEach(api.push);
    begin();
    early.filter((call) => !word(call)).forEach(api.push);
  }
  const pushState = history.pushState;
  history.pushState = function (...args) {
    pushState.apply(this, args);
    moved();
  };
  addEventListener("popstate", moved);
  addEventListener("pageshow", (event) => { if (event.persisted && pages !== "off") api.page(); });
  addEventListener("online", back);
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : back()));
  if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
  else start();
})();
