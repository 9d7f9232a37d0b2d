/* Portolan's browser script. Settings stand on the script element:
   data-key         write key (needed)
   data-host        where events go; else where this script came from
   data-consent     "required" (default): nothing is stored or sent before portolan.consent(true); "given": the page has asked
   data-auto        "off": page views are only those that the page reports itself
   Calls: portolan.page(name, properties), track(name, properties), identify(userId, traits), consent(true | false), reset().
   No cookies. Before consent nothing is written to the browser and nothing leaves it. */
(function (win, doc) {
  "use strict";
  var script = doc.currentScript;
  if (!script || !script.dataset.key) return;
  var nav = win.navigator;
  var data = script.dataset;
  var endpoint = (data.host || new URL(script.src).origin) + "/v1/batch";
  var MOST = 200; // events that wait, the oldest go first
  var HELD = 50; // events held in memory before consent
  var BATCH = 25;
  var BEAT = 15000; // how often dwell is told
  var IDLE = 60000; // who did nothing for so long is not looking
  var STORE = "portolan";

  var queue = [];
  var busy = false;
  var failures = 0;
  var timer = 0;
  var dropped = 0;
  var consent = data.consent === "given" && !nav.globalPrivacyControl ? true : undefined;
  var ids = {};
  var shown = ""; // the page that is open
  var from = doc.referrer;
  var watched = 0; // ms of the open page that were not told yet
  var since = 0; // when watching began, 0 while nobody looks
  var active = Date.now();

  function random() {
    if (win.crypto && crypto.randomUUID) return crypto.randomUUID();
    return "xxxxxxxxxxxxxxxx".replace(/x/g, function () {
      return ((Math.random() * 256) | 256).toString(16).slice(1);
    });
  }

  // On the way a letter is up to four bytes.
  function bytes(text) {
    return new Blob([text]).size;
  }

  // Storage may be switched off or full: then an identifier lasts as long as the page.
  function load() {
    try {
      ids = JSON.parse(win.localStorage.getItem(STORE)) || {};
    } catch (e) {
      ids = {};
    }
    if (!ids.a) ids.a = random();
    save();
  }

  function save() {
    try {
      win.localStorage.setItem(STORE, JSON.stringify(ids));
    } catch (e) {}
  }

  // Of an address: where, and which campaign. What else stands in a query may be personal.
  function address(href) {
    try {
      var url = new URL(href, win.location.href);
      var kept = url.search.slice(1).split("&").filter(function (p) {
        return /^utm_/.test(p);
      });
      return url.origin + url.pathname + (kept.length ? "?" + kept.join("&") : "");
    } catch (e) {
      return "";
    }
  }

  function put(type, fields) {
    if (consent === false) return;
    var call = fields;
    call.type = type;
    call.messageId = random();
    call.timestamp = new Date().toISOString();
    call.context = { page: { url: shown || address(win.location.href), title: doc.title, referrer: address(from) } };
    // Larger than a server takes: it would hold up the others.
    if (bytes(JSON.stringify(call)) > 30000) return;
    queue.push(call);
    var most = consent ? MOST : HELD;
    while (queue.length > most) {
      queue.shift();
      dropped++;
    }
    if (queue.length >= BATCH) send();
    else later(1000);
  }

  function later(ms) {
    if (!timer && consent)
      timer = setTimeout(function () {
        timer = 0;
        send();
      }, ms);
  }

  function body(calls) {
    return JSON.stringify({
      writeKey: data.key,
      sentAt: new Date().toISOString(),
      context: {
        library: { name: "portolan.js", version: "1" },
        locale: nav.language,
        userAgent: nav.userAgent,
        timezone: zone(),
        screen: { width: win.screen.width, height: win.screen.height },
        dropped: dropped || undefined
      },
      batch: calls.map(function (call) {
        call.anonymousId = ids.a;
        if (ids.u && !call.userId) call.userId = ids.u;
        return call;
      })
    });
  }

  function zone() {
    try {
      return Intl.DateTimeFormat().resolvedOptions().timeZone;
    } catch (e) {}
  }

  // A plain text needs no preflight. What was sent stays in the queue until it is acknowledged: a repeat is known by its messageId.
  function send(leaving) {
    if (!consent || !queue.length || (busy && !leaving)) return;
    var calls = queue.slice(0, leaving ? MOST : BATCH);
    var text = body(calls);
    if (leaving) {
      // Browsers take 64 KB on the way out.
      while (bytes(text) > 60000 && calls.length > 1) {
        calls = calls.slice(Math.ceil(calls.length / 2));
        text = body(calls);
      }
      if (nav.sendBeacon && nav.sendBeacon(endpoint, text)) {
        queue = queue.filter(function (call) {
          return calls.indexOf(call) < 0;
        });
        return;
      }
    }
    busy = true;
    fetch(endpoint, { method: "POST", body: text, keepalive: bytes(text) < 60000, credentials: "omit", headers: { "Content-Type": "text/plain" } }).then(
      function (answer) {
        var again = answer.status === 429 || answer.status >= 500;
        done(calls, again, Number(answer.headers.get("Retry-After")) * 1000);
      },
      function () {
        done(calls, true, 0);
      }
    );
  }

  function done(calls, again, wait) {
    busy = false;
    if (again) {
      failures++;
      later(Math.max(wait || 0, Math.min(60000, 1000 * Math.pow(2, failures)) * (0.75 + Math.random() / 2)));
      return;
    }
    failures = 0;
    queue = queue.filter(function (call) {
      return calls.indexOf(call) < 0;
    });
    if (queue.length) later(0);
  }

  function looking() {
    return doc.visibilityState === "visible" && Date.now() - active < IDLE;
  }

  // Adds up the time for which somebody looks.
  function tick() {
    var now = Date.now();
    if (since) watched += Math.min(now - since, BEAT);
    since = looking() ? now : 0;
  }

  function beat() {
    tick();
    if (shown && watched >= 1000) {
      put("track", { event: "Page Dwell", properties: { engaged_ms: Math.round(watched), url: shown } });
      watched = 0;
    }
  }

  function page(name, properties) {
    var url = address(win.location.href);
    if (shown) {
      beat();
      if (shown !== url) from = shown;
    }
    shown = url;
    watched = 0;
    since = looking() ? Date.now() : 0;
    var all = { url: url, path: win.location.pathname, title: doc.title, referrer: address(from) };
    for (var key in properties) all[key] = properties[key];
    put("page", { name: name || doc.title, properties: all });
  }

  // A single page application changes its address without loading: after its title has followed, that is a page.
  function moved() {
    setTimeout(function () {
      if (address(win.location.href) !== shown) page();
    }, 0);
  }

  var api = {
    page: page,
    track: function (event, properties) {
      put("track", { event: event, properties: properties || {} });
    },
    identify: function (userId, traits) {
      ids.u = String(userId);
      if (consent) save();
      put("identify", { userId: ids.u, traits: traits || {} });
    },
    consent: function (yes) {
      consent = !!yes;
      if (consent) {
        var user = ids.u;
        load();
        if (user) {
          ids.u = user;
          save();
        }
        send();
      } else {
        queue = [];
        ids = {};
        try {
          win.localStorage.removeItem(STORE);
        } catch (e) {}
      }
    },
    reset: function () {
      ids = consent ? { a: random() } : {};
      if (consent) save();
    },
    // As for calls made before this script was there.
    push: function (call) {
      if (api[call[0]]) api[call[0]].apply(api, call.slice(1));
    }
  };

  if (consent) load();
  ["scroll", "click", "keydown", "mousemove", "touchstart"].forEach(function (kind) {
    win.addEventListener(
      kind,
      function () {
        active = Date.now();
        if (!since) tick();
      },
      { passive: true, capture: true }
    );
  });
  doc.addEventListener("visibilitychange", function () {
    beat();
    if (doc.visibilityState === "hidden") send(true);
  });
  win.addEventListener("pagehide", function () {
    beat();
    send(true);
  });
  setInterval(beat, BEAT);

  // Calls made before this script was there: window.portolan = [["track", "Product Viewed", {...}], ...]
  var early = win.portolan;
  win.portolan = api;
  if (data.auto !== "off") {
    ["pushState", "replaceState"].forEach(function (name) {
      var plain = win.history[name];
      win.history[name] = function () {
        var result = plain.apply(this, arguments);
        moved();
        return result;
      };
    });
    win.addEventListener("popstate", moved);
    page();
  }
  if (Array.isArray(early)) early.forEach(api.push);
})(window, document);
