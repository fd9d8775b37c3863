#!/usr/bin/env node
/*
 * screenshots.mjs - make docs/images/ anew: starts Vitrine, uploads painted photographs, looks.
 *
 *   node tools/screenshots.mjs     (after `make test`, which installs what the browser needs)
 *
 * The photographs are painted without grain here, so that the pictures of them stay small.
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { makePhotos } from "../tests/browser/photos.mjs";
import {
  openPage,
  signedInState,
  startBrowser,
  startVitrine,
  uploadFiles,
} from "../tests/browser/stack.mjs";

const FOLDER = fileURLToPath(new URL("../docs/images", import.meta.url));
const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 800 }, colorScheme: "dark" };

async function shoot(page, name) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
}

/* Open, look, close. */
async function show(name, path, options) {
  const page = await openPage(browser, options);
  await page.goto(vitrine.url + path, { waitUntil: "networkidle" });
  await shoot(page, name);
  await page.context().close();
}

async function describe(page) {
  await page.getByLabel("Title").fill("Morning on the ridge");
  await page.getByLabel("Alt text").fill("Layered hills in the first light, a pale sun above them");
  await page.getByLabel("Tags").fill("hills, morning");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".flash").waitFor();
}

await mkdir(FOLDER, { recursive: true });
const vitrine = await startVitrine();
const browser = await startBrowser();
try {
  const storageState = await signedInState(browser, vitrine.url);
  const page = await openPage(browser, { ...WIDE, storageState });
  await uploadFiles(page, vitrine.url, await makePhotos(browser, 30, { grain: false }));
  await shoot(page, "upload");
  const image = await page.locator(".row-name a").nth(5).getAttribute("href");
  await page.goto(vitrine.url + image);
  await describe(page);
  await page.context().close();
  await show("image", image, { ...WIDE, storageState });
  await show("images", "/admin/images", { ...WIDE, storageState });
  await show("reference", "/docs#postImagesPresignUpload", WIDE);
  await show("images-phone", "/admin/images", { ...PHONE, storageState });
} finally {
  await browser.close();
  await vitrine.stop();
}
