/* axe.mjs - what axe-core finds on a page as it is. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The rules that look at colours. */
export const COLOURS = ["color-contrast", "link-in-text-block"];

/** Its complaints, as text; `rules` names those that are asked, else all. The page's policy lets no
    foreign script in, rightly; the debugger may evaluate one. */
export async function axeProblems(page, rules = null) {
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: `if (!window.axe) {${AXE}}` });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, ${JSON.stringify(options)}).then((r) => r.violations)`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return result.value.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}
