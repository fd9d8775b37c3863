/*
 * shell.js - enhances every page: the theme switch, times in relative words, focus on a form's
 * problems or conflict, and signed URLs that are renewed before they end.
 */
import { startRenewing } from "./renew.js";
import { agoText } from "./words.js";

const THEMES = ["system", "light", "dark"];
const THEME_KEY = "vitrine-theme";

function currentTheme() {
  return document.documentElement.dataset.theme ?? "system";
}

function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(THEME_KEY);
    else localStorage.setItem(THEME_KEY, theme);
  } catch {
    /* Not remembered then; it still holds for this page. */
  }
}

function startThemeToggle(button) {
  const draw = () => {
    const theme = currentTheme();
    const use = button.querySelector("use");
    use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#theme-${theme}`);
    button.querySelector(".theme-label").textContent = `Theme: ${theme}`;
    button.setAttribute("aria-label", `Theme: ${theme}`);
  };
  button.addEventListener("click", () => {
    setTheme(THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length]);
    draw();
  });
  addEventListener("storage", (event) => {
    if (event.key !== THEME_KEY) return;
    setTheme(THEMES.includes(event.newValue) ? event.newValue : "system");
    draw();
  });
  draw();
  button.hidden = false;
}

/* Where seconds matter (data-precise), the exact time where one is; else how long ago it was. */
function shownText(time) {
  const date = new Date(time.dateTime);
  if (!("precise" in time.dataset)) return agoText(date) ?? time.dataset.exact;
  const format = { dateStyle: "medium", timeStyle: "medium" };
  return Number.isNaN(date.getTime()) ? time.dataset.exact : date.toLocaleString("en-GB", format);
}

/* The exact time stays in the title; on paper it is the one that stays true. */
function drawTimes({ isPrint = false } = {}) {
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.dataset.exact ??= time.textContent;
    time.title = time.dataset.exact;
    time.textContent = isPrint ? time.dataset.exact : shownText(time);
  }
}

const toggle = document.querySelector(".theme-toggle");
if (toggle) startThemeToggle(toggle);
drawTimes();
setInterval(drawTimes, 60_000);
addEventListener("beforeprint", () => drawTimes({ isPrint: true }));
addEventListener("afterprint", () => drawTimes());
document.querySelector(".error-summary, .conflict[role=alert]")?.focus();
startRenewing(document);
