/*
 * words.js - numbers and times as people say them. Pure; enhances nothing by itself.
 */

const SIZE_UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** "12.4 MB": decimal units, as file managers and the server count. */
export function sizeText(bytes) {
  if (bytes === 1) return "1 byte";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${SIZE_UNITS[unit]}`;
}

/** "1 image", "2,500 images". */
export function countText(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Time left, coarse on purpose: a number that jumps tells nothing. */
export function leftText(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 5) return "a few seconds left";
  if (seconds < 55) return `${Math.ceil(seconds / 5) * 5} seconds left`;
  if (seconds < 90) return "about a minute left";
  if (seconds < 3600) return `${Math.round(seconds / 60)} minutes left`;
  return `${(seconds / 3600).toFixed(1)} hours left`;
}

const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [7 * 86400, "day", 86400],
];

/** "5 minutes ago", "yesterday", or null when the date itself says more (a week and older). */
export function agoText(date, now = Date.now()) {
  const seconds = (now - date.getTime()) / 1000;
  if (!Number.isFinite(seconds) || seconds < -60) return null;
  if (seconds < 45) return "just now";
  const step = STEPS.find(([limit]) => seconds < limit);
  if (!step) return null;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  return format.format(-Math.round(seconds / step[2]), step[1]);
}
