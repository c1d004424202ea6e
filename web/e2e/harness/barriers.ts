/** What keeps people with assistive technology out of a page, as axe finds it. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** WCAG 2.2 A and AA, and what axe calls best practice. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * A count beside a button's word is no part of its label (it is the button's description, by the public list of names), which
 * this rule cannot know. That names hold their words is what every journey stands on.
 */
const NOT_ASKED = { "label-content-name-mismatch": { enabled: false } };

/** Announcements that name an element by its id outlive it by some seconds; nobody reads them again. */
const ANNOUNCEMENTS = "[data-live-announcer]";

let checker: Promise<string> | undefined;

/** One line per fault: the rule, the element, what is wrong with it. */
export async function barriers(page: Page): Promise<readonly string[]> {
  checker ??= readFile(AXE, "utf8");
  // Evaluated by the test's own hand: the policy would refuse an added script.
  await page.evaluate(await checker);
  const { violations } = await page.evaluate(
    ([exclude, runOnly, rules]) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(
        { include: "html", exclude },
        { runOnly, rules },
      ),
    [ANNOUNCEMENTS, RULES, NOT_ASKED] as const,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ""}`),
  );
}
