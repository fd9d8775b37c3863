/*
 * list.js - a list that draws only the rows in view, so that 500 files scroll as smoothly as 5.
 *
 * Rows may differ in height by kind; the heights are the stylesheet's (--row-<kind> on the list, in rem).
 * The row that has the focus stays drawn wherever the list is scrolled.
 */

const OVERSCAN_PX = 400;

export class VirtualList {
  #root;
  #delegate;
  #items = [];
  #tops = [];
  #rows = new Map(); /* item -> element */
  #heights = {};
  #isPlanned = false;

  /**
   * `delegate`: kindOf(item), create(item) -> element, update(element, item), and
   * remove(item, hadFocus) when an element was taken away.
   */
  constructor(root, delegate) {
    this.#root = root;
    this.#delegate = delegate;
    addEventListener("scroll", () => this.#plan(), { passive: true });
    addEventListener("resize", () => {
      this.#heights = {};
      this.layout();
    });
    this.#root.addEventListener("focusout", () => this.#plan());
  }

  /** Show these items, in this order. */
  show(items) {
    this.#items = items;
    this.layout();
  }

  /** Heights or order changed. */
  layout() {
    let top = 0;
    this.#tops = this.#items.map((item) => {
      const here = top;
      top += this.#height(this.#delegate.kindOf(item));
      return here;
    });
    this.#root.style.height = `${top}px`;
    this.draw();
  }

  /** One item changed, but not its kind. */
  update(item) {
    const row = this.#rows.get(item);
    if (row) this.#delegate.update(row, item);
  }

  /** The element of an item, if it is drawn. */
  rowOf(item) {
    return this.#rows.get(item);
  }

  draw() {
    const offset = -this.#root.getBoundingClientRect().top;
    const from = this.#indexAt(offset - OVERSCAN_PX);
    const to = this.#indexAt(offset + innerHeight + OVERSCAN_PX);
    const wanted = new Set(this.#items.slice(from, to + 1));
    for (const [item, row] of this.#rows) {
      const isKept =
        wanted.has(item) || (row.contains(document.activeElement) && this.#items.includes(item));
      if (!isKept) this.#drop(item, row);
    }
    for (let i = from; i <= to && i < this.#items.length; i += 1) this.#place(this.#items[i], i);
    for (const [item, row] of this.#rows)
      if (!wanted.has(item)) this.#position(row, this.#items.indexOf(item));
    this.#order();
  }

  /* Asking the stylesheet makes the browser compute it: once for each kind and width. */
  #height(kind) {
    this.#heights[kind] ??= this.#rems(`--row-${kind}`) || 64;
    return this.#heights[kind];
  }

  #rems(name) {
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return root * parseFloat(getComputedStyle(this.#root).getPropertyValue(name));
  }

  #plan() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.draw();
    });
  }

  /* The last row that starts at or above `y`. */
  #indexAt(y) {
    let low = 0;
    let high = this.#tops.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #place(item, index) {
    let row = this.#rows.get(item);
    if (!row) {
      row = this.#delegate.create(item);
      this.#rows.set(item, row);
      this.#root.append(row);
    }
    this.#delegate.update(row, item);
    this.#position(row, index);
  }

  #position(row, index) {
    row.style.transform = `translateY(${this.#tops[index]}px)`;
    row.style.height = `${this.#heights[this.#delegate.kindOf(this.#items[index])]}px`;
    row.ariaPosInSet = String(index + 1);
    row.ariaSetSize = String(this.#items.length);
  }

  /* In the document as on the screen, so that reading and Tab follow what is seen. Moving a row
     that has the focus would take the focus away: it stays, and the others go around it. */
  #order() {
    const rows = [...this.#rows.values()].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet);
    let next = this.#root.firstElementChild;
    for (const row of rows) {
      if (row === next) next = next.nextElementSibling;
      else if (!row.contains(document.activeElement)) this.#root.insertBefore(row, next);
    }
  }

  #drop(item, row) {
    const hadFocus = row.contains(document.activeElement);
    this.#rows.delete(item);
    row.remove();
    this.#delegate.remove(item, hadFocus);
  }
}
