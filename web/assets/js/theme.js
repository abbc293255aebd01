// Runs before the first paint: puts the stored theme on <html>. Without a choice the stylesheet follows the system.
(() => {
  const key = "opstruth-theme";
  const root = document.documentElement;
  const stored = () => {
    try { return localStorage.getItem(key) || "auto"; } catch { return "auto"; }
  };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.setAttribute("data-bs-theme", theme);
    else root.removeAttribute("data-bs-theme");
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
  };
  apply(stored());
  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  addEventListener("storage", (event) => { if (event.key === key) apply(stored()); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (!button) return;
    try { localStorage.setItem(key, button.dataset.themeChoice); } catch { /* private mode: holds for this page */ }
    apply(button.dataset.themeChoice);
  });
})();
