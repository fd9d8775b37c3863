/*
 * announce.js - speaks through the page's one live region. Used by every module that changes
 * something unseen.
 */

const region = document.getElementById("announcer");

/** Say it to who listens. The same sentence twice is spoken twice. */
export function announce(sentence) {
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = sentence;
  });
}
