/** How one sees a meeting: oneself or not, the whole screen, pages, hands, reactions, what is unread. */

import { expect, test } from "vitest";
import { PROTOCOL } from "../../src/api/signalling";
import { ANA, BEN, CHEN } from "../harness/cast";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN, CHEN);
/** With one more, a page and one. */
const PAGE = 25;

test("one's own picture hides, and the meeting fills the screen and leaves it", async () => {
  const scene = await Scene.open(troupe);
  const [ana] = (await scene.join(ANA, BEN)) as [Person];
  const own = ana.page.getByRole("group", { name: /^Ana, you/ });
  await own.waitFor();
  await view(ana, "menuitemcheckbox", "Hide self view");
  await own.waitFor({ state: "detached" });
  await view(ana, "menuitemcheckbox", "Hide self view");
  await own.waitFor();

  await view(ana, "menuitem", "Full screen");
  await ana.page.waitForFunction(() => document.fullscreenElement !== null);
  await view(ana, "menuitem", "Full screen");
  await ana.page.waitForFunction(() => document.fullscreenElement === null);
});

test("hands come first, reactions go by themselves, and unread lines are counted", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben, chen] = (await scene.join(ANA, BEN, CHEN)) as [Person, Person, Person];
  await chen.press("Mute");
  await ana.press("Participants");
  const rows = ana.page.getByRole("complementary", { name: "Participants" }).getByRole("listitem");
  await expect.poll(async () => (await rows.allInnerTexts()).at(-1)).toContain("Chen");
  await chen.press("Raise hand");
  await ana.reads("Chen has raised a hand.");
  await expect.poll(async () => (await rows.allInnerTexts())[1]).toContain("Chen");

  await ben.press("Reactions");
  await ben.press("Heart");
  const heart = ana.page.getByRole("group", { name: /^Ben/ }).getByText("❤️");
  await heart.waitFor();
  await heart.waitFor({ state: "detached" });

  const unread = ana.page.getByText("2 unread messages");
  await ben.says("One");
  await ben.says("Two");
  await unread.waitFor({ state: "attached" });
  await ana.press("Chat");
  await unread.waitFor({ state: "detached" });
});

test("more people than a page holds are on the next one", async () => {
  const scene = await Scene.open(troupe);
  const [ana] = (await scene.join(ANA)) as [Person];
  const tickets = await Promise.all(
    Array.from({ length: PAGE }, (_, index) => scene.api.ticket(scene.meeting, `Guest ${index + 1}`)),
  );
  const crowd = await (await troupe.browser(BEN).newContext()).newPage();
  await crowd.goto(scene.api.url);
  await crowd.evaluate(
    ([protocol, all]) => {
      for (const ticket of all) {
        const socket = new WebSocket(`ws://${location.host}/signal`, protocol);
        socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ticket }));
      }
    },
    [PROTOCOL, tickets] as const,
  );

  const tiles = ana.page.locator('[role="group"].tile');
  await expect.poll(() => tiles.count(), { timeout: 20_000 }).toBe(PAGE);
  await ana.press("Next page");
  await expect.poll(() => tiles.count()).toBe(1);
  await ana.press("Previous page");
  await expect.poll(() => tiles.count()).toBe(PAGE);
  await crowd.context().close();
});

async function view(person: Person, role: "menuitem" | "menuitemcheckbox", name: string): Promise<void> {
  await person.press("View options");
  await person.page.getByRole(role, { name, exact: true }).click();
  await person.page.keyboard.press("Escape");
  await person.page.getByRole("menu").waitFor({ state: "detached" });
}
