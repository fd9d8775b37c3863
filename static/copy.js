/*
 * copy.js - enhances fields with a button that copies them: <button data-copy="ID of the field"
 * data-copied="what is said then">. Without it the field can be selected by hand.
 */
import { announce } from "./announce.js";

for (const button of document.querySelectorAll("[data-copy]")) startCopying(button);

function startCopying(button) {
  const field = document.getElementById(button.dataset.copy);
  const label = button.querySelector("span");
  const plain = label.textContent;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    const isDone = await copy(field);
    label.textContent = isDone ? "Copied" : "Press Ctrl+C";
    announce(isDone ? button.dataset.copied : "It is selected. Press Control C to copy it.");
    setTimeout(() => {
      label.textContent = plain;
    }, 2500);
  });
  button.hidden = false;
}

/* Without HTTPS browsers have no clipboard for pages; the old command still works on a
   selection. */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}
