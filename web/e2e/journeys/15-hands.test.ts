/** A meeting by keyboard alone, and under a thumb. */

import { expect, test } from "vitest";
import { ANA, BEN, CROWD } from "../harness/cast";
import { bringCrowd } from "../harness/crowd";
import type { Person } from "../harness/person";
import { gatherTroupe, PHONE, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN);
/** Ana, Ben, the crowd of six and one more are a page and one. */
const PHONE_PAGE = 8;

test("every key does what people know of it, and none does while one writes", async () => {
  const scene = await Scene.open(troupe);
  const [ana] = (await scene.join(ANA, BEN)) as [Person];
  const { keyboard } = ana.page;
  await ana.press("Mute");
  await ana.button("Unmute").waitFor();
  await ana.page.getByRole("main").focus();
  await keyboard.down("Space");
  await ana.button("Mute").waitFor();
  await keyboard.up("Space");
  await ana.button("Unmute").waitFor();

  const large = ana.page.locator('[role="group"][data-large]');
  await keyboard.press("Alt+F1");
  await large.waitFor();
  await keyboard.press("Alt+F2");
  await large.waitFor({ state: "detached" });
  await scene.openTab(ana);
  await keyboard.press("Alt+S");
  await ana.button("Stop sharing").waitFor();
  await keyboard.press("Alt+S");
  await ana.button("Share screen").waitFor();

  const help = ana.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  for (const keys of ["Control+/", "?"]) {
    await keyboard.press(keys);
    await help.waitFor();
    await keyboard.press("Escape");
    await help.waitFor({ state: "detached" });
  }

  await keyboard.press("Alt+H");
  const message = ana.page.getByRole("textbox", { name: "Message" });
  await message.waitFor();
  await keyboard.type("Is this right? ");
  expect(await message.inputValue()).toBe("Is this right? ");
  await ana.button("Unmute").waitFor();
  expect(await help.count()).toBe(0);
});

test("the keyboard comes back to where it was when a dialog, a menu or a panel closes", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const { keyboard } = ana.page;
  const focused = (): Promise<string | null> =>
    ana.page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? null,
    );
  await keyboard.press("Alt+U");
  await ana.button("Invite").focus();
  await keyboard.press("Enter");
  await ana.page.getByRole("dialog", { name: "Invite" }).waitFor();
  await keyboard.press("Escape");
  await expect.poll(focused).toBe("Invite");
  await keyboard.press("Escape");
  await expect.poll(focused).toBe("Participants");

  await ana.button("More").focus();
  await keyboard.press("Enter");
  await ana.page.getByRole("menu").waitFor();
  await keyboard.press("Escape");
  await expect.poll(focused).toBe("More");
});

test("on a phone everything is within reach, upright and on its side", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA, { owner: true, phone: true });
  await ana.join(scene.meeting.join_url);
  await ana.isInMeeting();
  await scene.join(BEN);
  await ana.sees([BEN]);

  for (const size of [PHONE, { width: PHONE.height, height: PHONE.width }]) {
    await ana.page.setViewportSize(size);
    await stir(ana);
    expect(await outside(ana, ".toolbar button")).toEqual([]);

    await ana.press("More");
    await ana.page.getByRole("menu").waitFor();
    expect(await outside(ana, ".popover")).toEqual([]);
    await ana.page.getByRole("menuitem", { name: "Invite" }).click();
    const dialog = ana.page.getByRole("dialog", { name: "Invite" });
    await dialog.waitFor();
    // Its frame: what is longer scrolls inside.
    expect(await outside(ana, ".dialog__frame")).toEqual([]);
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });

    for (const panel of ["Participants", "Chat"] as const) {
      await stir(ana);
      await ana.press(panel);
      const aside = ana.page.getByRole("complementary", { name: panel });
      await aside.waitFor();
      if (size === PHONE) expect(await aside.boundingBox()).toMatchObject({ x: 0, y: 0, width: PHONE.width });
      expect(await outside(ana, ".panel")).toEqual([]);
      await aside.getByRole("button", { name: "Close" }).click();
    }
    await ana.sees([BEN]);
  }
});

test("on a phone a finger turns the pages of the gallery", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA, { phone: true });
  await ana.join(scene.meeting.join_url);
  await ana.isInMeeting();
  await scene.join(BEN);
  await bringCrowd(troupe.browser(BEN), scene.api, scene.meeting, [...CROWD, { ...BEN, name: "One more" }]);
  const tiles = ana.page.locator('[role="group"].tile');
  await expect.poll(() => tiles.count()).toBe(PHONE_PAGE);
  await swipe(ana, -200);
  await expect.poll(() => tiles.count()).toBe(1);
  // A finger that hardly moved meant something else.
  await swipe(ana, 30);
  await swipe(ana, 200);
  await expect.poll(() => tiles.count()).toBe(PHONE_PAGE);
});

/** A finger goes sideways over the stage by so many pixels. */
async function swipe(person: Person, by: number): Promise<void> {
  const finger = await person.page.context().newCDPSession(person.page);
  const at = (x: number) => ({ touchPoints: [{ x, y: 400 }] });
  const from = PHONE.width / 2 - by / 2;
  await finger.send("Input.dispatchTouchEvent", { type: "touchStart", ...at(from) });
  for (const share of [0.25, 0.5, 0.75, 1])
    await finger.send("Input.dispatchTouchEvent", { type: "touchMove", ...at(from + by * share) });
  await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await finger.detach();
}

/** The bars of a phone hide by themselves; a tap brings them back. */
async function stir(person: Person): Promise<void> {
  await person.page.bringToFront();
  await person.page.touchscreen.tap(150, 150);
  await person.page.locator(".meeting:not([data-idle])").waitFor();
}

/** What of it is seen and yet not wholly on the screen. */
function outside(person: Person, selector: string): Promise<string[]> {
  return person.page.evaluate(async (all) => {
    // Where things are when they have come to rest.
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
    return [...document.querySelectorAll(all)]
      .filter((element) => element.checkVisibility())
      .map((element) => [element, element.getBoundingClientRect()] as const)
      .filter(
        ([, { left, top, right, bottom }]) =>
          left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1,
      )
      .map(
        ([element, { left, top, right, bottom }]) =>
          `${element.getAttribute("aria-label") ?? element.className}: ${[left, top, right, bottom].map(Math.round)}`,
      );
  }, selector);
}
