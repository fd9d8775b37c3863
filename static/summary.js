/*
 * summary.js - the line that stays in view over the upload list: how far it is, how fast, how long,
 * and what can be done about all of it. Also speaks the progress, seldom enough to be bearable.
 */
import { announce } from "./announce.js";
import { Meter } from "./meter.js";
import { drawIcon } from "./rows.js";
import { countText, leftText, sizeText } from "./words.js";

const SPEAK_EVERY_MS = 8000;
const SENT_MOST = 0.99; /* the bar is full when everything is saved, not when it is sent */

export class Summary {
  #queue;
  #icons;
  #onMore;
  #parts;
  #meter = new Meter();
  #title = document.title;
  #spokenAt = 0;
  #wasFinished = false;
  #actions = "";

  constructor(section, queue, { icons, onMore }) {
    const part = (name) => section.querySelector(`.summary-${name}`);
    this.#queue = queue;
    this.#icons = icons;
    this.#onMore = onMore;
    this.#parts = {
      section,
      words: part("words"),
      bar: part("bar"),
      facts: part("facts"),
      actions: part("actions"),
    };
  }

  draw() {
    const totals = this.#queue.totals();
    const isFinished = totals.open === 0;
    const { section, words, bar, facts } = this.#parts;
    section.hidden = totals.count === 0;
    section.classList.toggle("is-finished", isFinished);
    setText(words, this.#words(totals, isFinished));
    setText(facts, this.#facts(totals, isFinished));
    bar.value = isFinished ? 1 : Math.min(totals.sentBytes / (totals.bytes || 1), SENT_MOST);
    const title = isFinished
      ? this.#title
      : `${totals.ready} of ${totals.count} · ${this.#title}`;
    if (document.title !== title) document.title = title;
    this.#drawActions(totals, isFinished);
    this.#speak(totals, isFinished);
  }

  #words({ count, ready, failed, asking, open }, isFinished) {
    const saved = `${countText(ready, "image")} saved`;
    const looks = failed + asking;
    if (isFinished && looks === 0) return `${saved}.`;
    if (isFinished && ready === 0 && asking === 0)
      return `${countText(failed, "image was", "images were")} not saved.`;
    if (isFinished && ready === 0 && failed === 0)
      return `You have ${asking === 1 ? "this image" : `these ${asking} images`} already.`;
    if (isFinished) return `${saved}, ${looks} ${looks === 1 ? "needs" : "need"} a look.`;
    if (this.#queue.isPaused) return `Paused: ${ready} of ${countText(count, "image")} saved`;
    if (this.#queue.blocked) return "Waiting for you";
    return `Uploading: ${ready} of ${countText(count, "image")} saved`;
  }

  #facts({ bytes, sentBytes, failed, asking }, isFinished) {
    if (this.#queue.blocked) return this.#queue.blocked;
    if (isFinished) {
      this.#meter.reset();
      if (asking > 0 && failed === 0) return `Skip ${asking === 1 ? "it" : "them"}, or keep both.`;
      return failed > 0
        ? "What failed is at the top, with what to do about it."
        : `${sizeText(bytes)} in all.`;
    }
    this.#meter.add(sentBytes);
    const speed = this.#queue.isPaused ? 0 : this.#meter.speed;
    const parts = [`${sizeText(sentBytes)} of ${sizeText(bytes)}`];
    if (speed > 0) parts.push(`${sizeText(speed)}/s`, leftText((bytes - sentBytes) / speed));
    if (failed > 0) parts.push(`${failed} failed`);
    if (asking > 0) parts.push(`${asking} there already`);
    return parts.join(" · ");
  }

  /* Rebuilt only when the set of buttons changes: a button must not vanish under the finger. */
  #drawActions(totals, isFinished) {
    const wanted = this.#actionsFor(totals, isFinished);
    const names = wanted.map(([name]) => name).join();
    if (names === this.#actions) return;
    const hadFocus = this.#parts.actions.contains(document.activeElement);
    this.#actions = names;
    this.#parts.actions.replaceChildren(
      ...wanted.map(([name, icon, act]) => this.#button(name, icon, act)),
    );
    if (hadFocus) (this.#parts.actions.querySelector("button, a") ?? this.#parts.words).focus();
  }

  #actionsFor({ failed, asking, ready }, isFinished) {
    const queue = this.#queue;
    const again =
      queue.retryable().length > 1 ? [["Try all again", "retry", () => queue.retryAll()]] : [];
    if (asking > 1)
      again.push(
        ["Skip all that are there", "close", () => queue.answerAll("skip")],
        ["Keep all", "images", () => queue.answerAll("keep")],
      );
    if (!isFinished) {
      const flow =
        queue.isPaused || queue.blocked
          ? ["Go on", "play", () => queue.resume()]
          : ["Pause", "pause", () => queue.pause()];
      return [...again, flow, ["Cancel the rest", "close", () => queue.cancelAll()]];
    }
    const see = ready > 0 ? [["See your images", "images", "/admin/images"]] : [];
    const more = failed + asking === 0 ? [["Upload more", "upload", this.#onMore]] : [];
    return [...again, ...more, ...see];
  }

  #button(words, icon, act) {
    const isLink = typeof act === "string";
    const element = document.createElement(isLink ? "a" : "button");
    element.className = isLink ? "button is-primary" : "button";
    if (isLink) element.href = act;
    else {
      element.type = "button";
      element.addEventListener("click", act);
    }
    element.append(drawIcon(icon, this.#icons), words);
    return element;
  }

  #speak(totals, isFinished) {
    const now = performance.now();
    if (isFinished && !this.#wasFinished && totals.count > 0)
      announce(this.#parts.words.textContent);
    else if (!isFinished && now - this.#spokenAt > SPEAK_EVERY_MS)
      announce(`${totals.ready} of ${totals.count} images saved.`);
    else return;
    this.#spokenAt = now;
    this.#wasFinished = isFinished;
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
