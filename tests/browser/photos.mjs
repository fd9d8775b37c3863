/*
 * photos.mjs - photographs for the tests, painted by script: landscapes of many shapes, no two
 * alike, the same ones on every run. Nothing is downloaded.
 */

/* Runs in the page: paints one picture and gives it as a data URL. */
function paint({ seed, width, height, type, grain }) {
  let state = seed * 2654435761 + 1;
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 4294967296;
  };
  for (let i = 0; i < 8; i += 1) random();
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const c = canvas.getContext("2d");
  const hue =
    (seed * 137.508 + random() * 40) % 360; /* the golden angle: neighbours never look alike */
  const isNight = random() < 0.2;
  const hsl = (h, s, l, a = 1) => `hsl(${h} ${s}% ${l}% / ${a})`;

  const sky = c.createLinearGradient(0, 0, 0, height * 0.75);
  sky.addColorStop(0, hsl(hue, 38, isNight ? 14 : 62));
  sky.addColorStop(0.6, hsl(hue + 25, 45, isNight ? 30 : 78));
  sky.addColorStop(1, hsl(hue + 50, 60, isNight ? 45 : 88));
  c.fillStyle = sky;
  c.fillRect(0, 0, width, height);

  const sunX = width * (0.15 + random() * 0.7);
  const sunY = height * (0.15 + random() * 0.3);
  const sunR = Math.min(width, height) * (0.04 + random() * 0.05);
  const glow = c.createRadialGradient(sunX, sunY, sunR * 0.5, sunX, sunY, sunR * 7);
  glow.addColorStop(0, hsl(hue + 60, 90, 92, 0.9));
  glow.addColorStop(1, hsl(hue + 60, 90, 85, 0));
  c.fillStyle = glow;
  c.fillRect(0, 0, width, height);
  c.fillStyle = hsl(hue + 60, 80, 94);
  c.beginPath();
  c.arc(sunX, sunY, sunR, 0, 7);
  c.fill();

  const layers = 4 + Math.floor(random() * 3);
  for (let layer = 0; layer < layers; layer += 1) {
    const depth = layer / (layers - 1);
    const base = height * (0.45 + depth * 0.4);
    const waves = Array.from({ length: 5 }, (_, k) => [
      random() * 7,
      (k + 1) * (1.2 + random()),
      (0.09 * height) / (k + 1.4),
    ]);
    c.fillStyle = hsl(
      hue + 190 - depth * 45,
      22 + depth * 26,
      (isNight ? 40 : 68) - depth * (isNight ? 32 : 48),
    );
    c.beginPath();
    c.moveTo(0, height);
    for (let x = 0; x <= width; x += 4) {
      let y = base;
      for (const [phase, frequency, size] of waves)
        y += Math.sin(phase + (x / width) * frequency * 3) * size * (1 - depth * 0.4);
      c.lineTo(x, y);
    }
    c.lineTo(width, height);
    c.fill();
    if (layer === layers - 2 && random() < 0.6) {
      for (let k = 0; k < 26; k += 1) {
        const x = random() * width;
        const h = height * (0.03 + random() * 0.07);
        c.fillStyle = hsl(hue + 150, 35, isNight ? 8 : 22);
        c.beginPath();
        c.moveTo(x, base - h);
        c.lineTo(x + h * 0.22, base + h * 0.3);
        c.lineTo(x - h * 0.22, base + h * 0.3);
        c.fill();
      }
    }
  }
  /* Grain, so that files have the weight of photographs. */
  for (let k = 0; grain && k < (width * height) / 60; k += 1) {
    c.fillStyle = random() < 0.5 ? "rgb(255 255 255 / 0.05)" : "rgb(0 0 0 / 0.06)";
    c.fillRect(random() * width, random() * height, 1.5, 1.5);
  }
  return canvas.toDataURL(type, 0.85);
}

const SHAPES = [
  [1200, 800], [800, 1200], [1200, 900], [1600, 700], [1000, 1000], [1200, 800],
  [900, 1200], [1280, 720], [1200, 800], [1500, 1000], [800, 1000], [1400, 600],
];
const NAMES = [
  "Lake at dawn", "Above the fog", "North ridge", "Long valley", "First light", "Evening hills",
  "Old forest", "Blue hour", "The pass", "Winter sun", "Two summits", "Far shore",
];

/** `count` files as playwright's setInputFiles takes them: { name, mimeType, buffer }. `scale`
   shrinks them. */
export async function makePhotos(browser, count, { scale = 1, from = 0, grain = true } = {}) {
  const page = await browser.newPage();
  try {
    const photos = [];
    for (let i = from; i < from + count; i += 1) {
      const [width, height] = SHAPES[i % SHAPES.length].map((side) => Math.round(side * scale));
      const type = i % 10 === 9 ? "image/png" : "image/jpeg";
      const url = await page.evaluate(paint, { seed: i + 11, width, height, type, grain });
      const name = `${NAMES[i % NAMES.length]} ${String(i + 1).padStart(3, "0")}.${type === "image/png" ? "png" : "jpg"}`;
      photos.push({
        name,
        mimeType: type,
        buffer: Buffer.from(url.split(",")[1], "base64"),
        width,
        height,
      });
    }
    return photos;
  } finally {
    await page.close();
  }
}
