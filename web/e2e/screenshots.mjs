// Takes pictures of every screen against the real server and engine, for people to look at.
//
//   node e2e/screenshots.mjs              everything, below ../screenshots/out: some 350 pictures, up to 20 minutes on two cores
//   node e2e/screenshots.mjs home lobby   only the scenes whose names begin so
//   node e2e/screenshots.mjs --once …     each once: in English, light, on a desktop
//
// Ready screens are taken in three languages, light and dark, desktop and phone; every other state once.
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { House } from "./screenshots/house.mjs";
import { dressed } from "./screenshots/people.mjs";
import { README, ready, states } from "./screenshots/scenes.mjs";

const OUT = new URL("../../screenshots/out/", import.meta.url).pathname;
const CHOSEN = new URL("../../docs/screenshots/", import.meta.url).pathname;
const LANGUAGES = ["en", "zh-CN", "zh-TW"];
const COLOURS = ["light", "dark"];
const SIZES = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
const BROWSER = process.env.MEETINGHOUSE_CHROMIUM ?? "/usr/bin/chromium";
/** For one step of a scene; six pages with pictures and the server may have to share two busy processors. */
const PATIENCE_MS = 45_000;
/** Everybody's chat and plan show the same times wherever the pictures are taken. */
const TIME_ZONE = "Europe/Madrid";

const wanted = process.argv.slice(2).filter((word) => word !== "--once");
const once = process.argv.includes("--once");
const chosen = (scene) => wanted.length === 0 || wanted.some((name) => scene.name.startsWith(name));

const browser = await chromium.launch({
  executablePath: BROWSER,
  args: [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
  ],
});
const house = await House.open(browser);
for (const signal of ["SIGINT", "SIGTERM"]) {
  // A run that is stopped leaves no server behind.
  process.once(signal, () => void house.close().then(() => process.exit(1)));
}
const failed = [];
const taken = new Set();

/** A page of one language and size, signed in as the scene wants. */
async function openPage(scene, { language, size, colour }) {
  const context = await browser.newContext({
    ...SIZES[size],
    baseURL: house.url,
    locale: language,
    timezoneId: TIME_ZONE,
    colorScheme: colour,
    permissions: ["clipboard-read", "clipboard-write"],
    ...(scene.as === undefined ? {} : { storageState: house.signedIn(scene.as) }),
  });
  await context.addInitScript(dressed, scene.look ?? 0);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

/** What went wrong, and what was waited for, without the rest of the browser's log. */
function told(error) {
  const [first, ...log] = String(error).split("\n");
  const awaited = log.find((line) => line.includes("waiting for"))?.replace(/^\W+/, "");
  return awaited === undefined ? first : `${first} ${awaited}`;
}

async function shoot(page, name) {
  // Fonts, pictures and transitions come to rest. What was just put into the page begins to move with the next frame;
  // on touch a dialog is held back, unseen, until the keyboard has had its turn.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.waitForFunction(
    () =>
      document.querySelector('[data-entering], [data-exiting], [data-rac][style*="opacity: 0"]') === null &&
      document
        .getAnimations()
        .every(
          (animation) =>
            animation.playState !== "running" ||
            animation.effect?.getTiming().iterations === Number.POSITIVE_INFINITY,
        ),
  );
  await page.screenshot({ path: join(OUT, `${name}.png`) });
  taken.add(`${name}.png`);
}

async function take(scene, variant, name) {
  const page = await openPage(scene, variant);
  try {
    await scene.act(page, house, variant);
    await shoot(page, name);
    if (variant.then !== undefined) {
      await page.emulateMedia({ colorScheme: variant.then });
      await shoot(page, name.replace(variant.colour, variant.then));
    }
  } catch (error) {
    failed.push(`${name}: ${told(error)} (failed-${name}.png shows where it stopped)`);
    await page.screenshot({ path: join(OUT, `failed-${name}.png`) }).catch(() => {});
  } finally {
    await scene.after?.(page, house).catch(() => {});
    await page.context().close();
  }
}

if (wanted.length === 0 && !once) rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
try {
  for (const scene of ready.filter(chosen)) {
    for (const language of once ? LANGUAGES.slice(0, 1) : LANGUAGES) {
      for (const size of once ? ["desktop"] : Object.keys(SIZES)) {
        if (scene.sizes !== undefined && !scene.sizes.includes(size)) continue;
        const [colour, then] = once ? COLOURS.slice(0, 1) : COLOURS;
        await take(scene, { language, size, colour, then }, `${scene.name}.${language}.${size}.${colour}`);
      }
    }
  }
  for (const scene of states.filter(chosen)) {
    await take(scene, { language: "en", size: scene.size ?? "desktop", colour: "light" }, scene.name);
  }
} finally {
  await house.close();
  await browser.close();
}

mkdirSync(CHOSEN, { recursive: true });
for (const [from, to] of Object.entries(README)) {
  if (taken.has(from)) copyFileSync(join(OUT, from), join(CHOSEN, to));
}
console.log(`${taken.size} pictures in ${OUT} after ${Math.round(process.uptime())} s`);
for (const line of failed) console.error(`FAILED ${line}`);
if (failed.length > 0) process.exit(1);
