/** Every page but the meeting: for assistive technology, by keyboard alone, on a narrow screen, and inside the content security policy. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Api } from "../harness/api";
import { barriers } from "../harness/barriers";
import { startChromium } from "../harness/chromium";
import { Server } from "../harness/server";

const GUEST_PAGES = ["/", "/join", "/sign-in", "/enrol", "/settings", "/nowhere"];
const OWNER_PAGES = [
  "/",
  "/meetings",
  "/meetings/personal",
  "/meetings?schedule",
  "/members",
  ...["profile", "security", "devices", "general", "shortcuts", "accessibility"].map(
    (section) => `/settings?section=${section}`,
  ),
];

let directory: string;
let server: Server;
let browser: Browser;
let api: Api;

beforeAll(async () => {
  directory = await mkdtemp(`${tmpdir()}/meetinghouse-pages-`);
  [server, browser] = await Promise.all([Server.start({ directory }), startChromium({})]);
  api = await Api.enrol(url(), server.log);
  await api.createMeeting({});
});

afterAll(async () => {
  await browser.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

function url(): string {
  return `http://${server.http.host}:${server.http.port}`;
}

interface Opening {
  readonly owner: boolean;
  readonly dark?: boolean;
  readonly width?: number;
}

/** A page that notes each violation of the policy and each request to somebody else. */
async function open({
  owner,
  dark = false,
  width = 1280,
}: Opening): Promise<{ page: Page; faults: string[] }> {
  const context: BrowserContext = await browser.newContext({
    baseURL: url(),
    locale: "en",
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    viewport: { width, height: 800 },
    permissions: ["camera", "microphone"],
  });
  if (owner) await context.addCookies([{ name: "session", value: api.session, url: url() }]);
  const faults: string[] = [];
  await context.exposeFunction("noteFault", (fault: string) => faults.push(fault));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => {
      const note = (globalThis as unknown as { noteFault(fault: string): void }).noteFault;
      note(`${violatedDirective} ${blockedURI} ${sourceFile}`);
    });
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== url())
      faults.push(request.url());
  });
  return { page, faults };
}

/** Opens a path and waits until nothing on it is still on its way. */
async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.locator("h1").first().waitFor({ state: "attached" });
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  if (path.includes("schedule")) await page.getByRole("dialog").waitFor();
}

for (const dark of [false, true]) {
  for (const owner of [false, true]) {
    test(`no barriers and no violations, ${owner ? "signed in" : "as a guest"}, ${dark ? "dark" : "light"}`, async () => {
      const { page, faults } = await open({ owner, dark });
      for (const path of owner ? OWNER_PAGES : GUEST_PAGES) {
        await visit(page, path);
        expect(await barriers(page), path).toEqual([]);
      }
      expect(faults).toEqual([]);
      await page.context().close();
    });
  }
}

test("a meeting is scheduled, changed and deleted without a mouse", async () => {
  const { page } = await open({ owner: true });
  await visit(page, "/");
  await reach(page, "Schedule");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  // The dialog begins in its first field, which holds a proposal.
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("Harbour review");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Harbour review", exact: true }).waitFor();

  await reach(page, "Edit");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("Harbour plan");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Harbour plan", exact: true }).waitFor();

  await reach(page, "Delete");
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").waitFor();
  await reach(page, "Delete meeting");
  await page.keyboard.press("Enter");
  await page.getByText("“Harbour plan” was deleted").waitFor();
  await page.context().close();
});

/** Presses Tab until the button of this name has the focus. */
async function reach(page: Page, name: string): Promise<void> {
  const wanted = page.getByRole("button", { name, exact: true });
  await wanted.waitFor();
  for (let presses = 0; presses < 60; presses += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${name}`);
}

test("nothing is cut off at 320 pixels, which is 400 % of zoom", async () => {
  const { page } = await open({ owner: true, width: 320 });
  for (const path of OWNER_PAGES) {
    await visit(page, path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, path).toBeLessThanOrEqual(0);
  }
  await page.context().close();
});

test("the language changes at once, without a reload", async () => {
  const { page } = await open({ owner: false });
  await visit(page, "/");
  await page.evaluate(() => {
    (globalThis as unknown as { kept: boolean }).kept = true;
  });
  for (const [language, words] of [
    ["简体中文", "登录"],
    ["繁體中文", "登入"],
    ["English", "Sign in"],
  ] as const) {
    await page.locator("header button").first().click();
    await page.getByRole("menuitemradio", { name: language }).click();
    await page.getByRole("main").getByRole("button", { name: words }).waitFor();
  }
  expect(await page.evaluate(() => (globalThis as unknown as { kept?: boolean }).kept)).toBe(true);
  await page.context().close();
});
