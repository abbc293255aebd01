// What renews itself on a page, and when. This is the one place that asks for it: a part says that it can be renewed
// (data-live), how often while something on it is active (data-poll, in seconds), and that it is not here yet
// (data-pending). Nobody looks at a hidden tab: it neither asks nor listens, and catches up once it is shown.
(() => {
  const cycle = 5;     // seconds between two looks at what polls
  const retry = 10000; // milliseconds until a stream that was refused is asked for again

  const shown = () => !document.hidden;
  const renew = (parts, due = () => true) => {
    if (!shown() || !window.htmx) return;
    for (const part of document.querySelectorAll(parts)) if (due(part)) htmx.trigger(part, "renew");
  };

  // Polling: only parts on which something is active say data-poll. What failed to be loaded at first is tried again.
  let passed = 0;
  setInterval(() => {
    passed += cycle;
    renew("[data-live][data-poll]", (part) => passed % part.dataset.poll === 0);
    renew("[data-live][data-pending]:not(.htmx-request)");
  }, cycle * 1000);

  // News come in bursts: what they ask for is asked for once, and so many milliseconds after the last time. Parts that
  // cost much take part more seldom.
  const follower = (parts, gap) => {
    let followed = 0, following;
    return {
      news() {
        following ??= setTimeout(() => {
          following = undefined;
          followed = performance.now();
          renew(parts);
        }, Math.max(0, followed + gap - performance.now()));
      },
      forget() { clearTimeout(following); following = undefined; },
    };
  };
  const followers = [
    follower("[data-live]:not([data-seldom]), [data-live][data-pending]", 3000),
    follower("[data-live][data-seldom]:not([data-poll], [data-pending])", 60000),
  ];
  const news = () => { for (const f of followers) f.news(); };
  const forget = () => { for (const f of followers) f.forget(); };

  // The stream goes on from where the page was read. A connection that is lost comes back by itself; one that was refused
  // does not: the right to it may be gone, which a renewal finds out, or the server is not ready yet.
  let stream, again;
  const listen = () => {
    const href = document.getElementById("live")?.dataset.events;
    if (!href || !shown() || stream) return;
    const own = stream = new EventSource(href);
    let heard = false;
    own.addEventListener("open", () => { heard = true; });
    own.addEventListener("run", news);
    own.addEventListener("resync", news);
    own.addEventListener("error", () => {
      if (own.readyState !== EventSource.CLOSED || own !== stream) return;
      hush();
      if (heard) news();
      again = setTimeout(listen, retry);
    });
  };
  const hush = () => { stream?.close(); stream = undefined; clearTimeout(again); };

  const wake = () => {
    forget();
    news();
    listen();
  };
  const sleep = () => { forget(); hush(); };
  document.addEventListener("visibilitychange", () => { shown() ? wake() : sleep(); });
  addEventListener("pagehide", sleep); // a page that may come back by Back holds no connection meanwhile
  addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
  document.addEventListener("DOMContentLoaded", () => { listen(); renew("[data-live][data-pending]"); });

  // Times of a page that could not be renewed must not look current.
  const stale = (on) => document.documentElement.toggleAttribute("data-offline", on);
  document.addEventListener("htmx:sendError", () => stale(true));
  document.addEventListener("htmx:timeout", () => stale(true));
  document.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr, part = event.target;
    // Signed out or no longer allowed: the page in view is not this reader's any more; load what is.
    if (part.hasAttribute?.("data-live") && (status === 401 || part.id === "live" && status < 500)) location.reload();
    else stale(true);
  });
  document.addEventListener("htmx:afterOnLoad", () => stale(false));
})();
