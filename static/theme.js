/*
 * theme.js - sets the remembered theme before the first paint, so that a page never flashes in the
 * other one.
 *
 * The only script that is not a module: it has to run before the body is drawn. Switching is
 * shell.js's.
 */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("has-script");
  try {
    var theme = localStorage.getItem("vitrine-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (error) {
    /* Storage is switched off: the system's theme it is. */
  }
})();
