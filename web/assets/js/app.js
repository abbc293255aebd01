// Small behaviours that HTML alone does not give. Every page works without them.
(() => {
  // Menus close on Escape (focus returns to their button), on a click elsewhere, and when focus leaves.
  const menus = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside) menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });

  // A slash goes to the search, as on many sites.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const box = [...document.querySelectorAll("[data-search]")].find((box) => box.offsetParent);
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // Copy buttons.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.copied = "true";
      setTimeout(() => delete button.dataset.copied, 1500);
    } catch { /* no clipboard: the text beside the button can be selected */ }
  });

  // Selects marked so submit their form when changed.
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-submit-on-change]")) event.target.form.requestSubmit();
  });

  // A filter's address names only what is asked for.
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches?.("[data-filter]")) return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
  // What was chosen in a form but not sent yet stays through refreshes.
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("[data-filter], .views-save");
    if (form) form.dataset.dirty = "true";
  });

  // A form that was sent cannot be sent twice by a double click. Back from the cache it works again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "true";
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // A refresh keeps what the reader did: opened details stay open, a field being typed in keeps its text, and what
  // was asked for beside the page stays.
  if (window.Idiomorph) {
    // Only of a field: a link or a summary that has the focus tells what is true now.
    Object.defineProperty(Idiomorph.defaults, "ignoreActiveValue", {
      enumerable: true, get: () => document.activeElement?.matches("input, select, textarea") ?? false,
    });
    Idiomorph.defaults.callbacks.beforeNodeMorphed = (node, next) =>
      !(node.hasAttribute?.("data-keep") || node.dataset?.dirty || next.hasAttribute?.("data-unchanged"));
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
      !((name === "open" && node.localName === "details") || name === "data-sent" || name === "data-copied");
  }

  // What was opened or folded away stays so on the next page. At first it is folded away: nothing lies over a page that
  // nobody asked for.
  const remembered = new WeakSet();
  const name = (details) => "opstruth-" + details.dataset.remember;
  const recall = () => {
    for (const details of document.querySelectorAll("details[data-remember]")) {
      if (remembered.has(details)) continue;
      remembered.add(details);
      let choice = null;
      try { choice = localStorage.getItem(name(details)); } catch { /* private mode: nothing was kept */ }
      details.open = choice === "open";
    }
  };
  document.addEventListener("click", (event) => {
    const details = event.target.closest?.("details[data-remember] > summary")?.parentElement;
    if (!details) return;
    try { localStorage.setItem(name(details), details.open ? "closed" : "open"); } catch { /* private mode: holds for this page */ }
  });
  document.addEventListener("htmx:afterSwap", recall);
})();
