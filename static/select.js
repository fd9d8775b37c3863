/*
 * select.js - enhances the boxes of the grid and of the trash: how many are ticked, ranges with
 * Shift, Space or "x" on a picture, Escape for none, all of what is shown.
 *
 * Without it there are the boxes, a bar that the stylesheet shows when one is ticked, and links
 * that load the page with all or none of them ticked.
 */
import { announce } from "./announce.js";

const MOST = 200; /* the server takes no more at once */

/** Look after the boxes within `wall`, also those that are added later. */
export function startSelecting(wall) {
  const form = document.getElementById("bulk");
  if (!form) return;
  const count = form.querySelector(".bulk-count");
  let anchor = null;

  wall.addEventListener("click", (event) => {
    const box = event.target.closest(".tile-tick")?.querySelector("input");
    if (!box || event.target !== box) return;
    if (event.shiftKey && anchor) tickRange(anchor, box);
    anchor = box;
    tell();
  });
  /* Shift with a click on a label selects text in some browsers. */
  wall.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest(".tile-tick")) event.preventDefault();
  });
  document.addEventListener("keydown", onKey, true);
  form.querySelector(".bulk-all").addEventListener("click", (event) => tickAll(event, true));
  form.querySelector(".bulk-none").addEventListener("click", (event) => tickAll(event, false));
  form.addEventListener("submit", onSubmit);
  /* Going back may find boxes ticked again by the browser. */
  addEventListener("pageshow", show);
  show();

  function boxes() {
    return [...wall.querySelectorAll(".tile-tick input")];
  }

  function ticked() {
    return boxes().filter((box) => box.checked).length;
  }

  function words() {
    const number = ticked();
    return number > MOST
      ? `${number} selected; at most ${MOST} can be changed at once`
      : `${number} selected`;
  }

  function show() {
    count.textContent = words();
  }

  function tell() {
    show();
    announce(`${words()}.`);
  }

  /* All between the last one and this one become what this one is. */
  function tickRange(from, to) {
    const all = boxes();
    const [first, last] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
    if (first < 0) return;
    for (const box of all.slice(first, last + 1)) box.checked = to.checked;
  }

  function tickAll(event, isTicked) {
    event.preventDefault();
    for (const box of boxes()) box.checked = isTicked;
    anchor = null;
    /* The bar goes away with the last tick: the focus must not go with it. */
    if (!isTicked) wall.querySelector(".tile-link")?.focus();
    tell();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && ticked() > 0 && !event.target.closest("input[type=search]")) {
      event.stopPropagation();
      const isInBar = form.contains(document.activeElement);
      for (const box of boxes()) box.checked = false;
      if (isInBar) wall.querySelector(".tile-link")?.focus();
      tell();
      return;
    }
    if (event.key !== " " && event.key !== "x") return;
    const link = event.target.closest?.(".tile-link");
    const box = link?.closest(".tile").querySelector(".tile-tick input");
    if (!box || !wall.contains(box)) return;
    event.preventDefault();
    box.checked = !box.checked;
    if (event.shiftKey && anchor) tickRange(anchor, box);
    anchor = box;
    tell();
  }

  function onSubmit(event) {
    const number = ticked();
    if (number > MOST) {
      event.preventDefault();
      tell();
      return;
    }
    const here = new URL(location.href);
    for (const name of ["moved", "restored", "deleted", "all"]) here.searchParams.delete(name);
    form.elements.back.value = here.pathname + here.search;
  }
}
