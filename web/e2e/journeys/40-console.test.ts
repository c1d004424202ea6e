/** The console: who has only a keyboard changes the rules of a market, with somebody else's consent. */

import { expect, test } from "vitest";
import { barriers } from "../harness/barriers";
import { ANA, BEN } from "../harness/cast";
import { DESKTOP, gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN);

test("a keyboard drafts, simulates and activates rules, which somebody else approves too", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA, { owner: true });
  await ana.page.setViewportSize(DESKTOP);
  const { keyboard } = ana.page;
  await ana.page.goto(`${scene.api.url}/console/rules`);
  await ana.reads("initial-allow");
  expect(await barriers(ana.page)).toEqual([]);

  await ana.keys("New draft…");
  await ana.tabTo("textbox", "Name");
  await keyboard.press("ControlOrMeta+A");
  await keyboard.type("Nobody buys");
  await ana.keys("Make draft");
  await ana.reads("A draft: nobody is bound by it.");

  await ana.keys("Add a rule");
  await ana.tabTo("textbox", "Name of the rule");
  await keyboard.type("no-direct-sale");
  expect(await barriers(ana.page)).toEqual([]);
  await ana.tabTo("checkbox", "Buy");
  await keyboard.press("Space");
  await ana.tabTo("checkbox", "Direct sale");
  await keyboard.press("Space");
  await ana.tabTo("textbox", "What people read (English)");
  await keyboard.type("Ask a partner.");
  await ana.keys("Save");
  await ana.page.getByRole("button", { name: "no-direct-sale", exact: true }).waitFor();

  await ana.keys("Try a date");
  await ana.keys("Simulate");
  await ana.reads("1 tenant · by rule no-direct-sale");
  expect(await barriers(ana.page)).toEqual([]);

  await ana.keys("Submit…");
  await ana.keys("Submit");
  await ana.reads("Submitted and unchangeable");
  await ana.keys("Approve…");
  await ana.keys("Approve");
  await ana.reads("approvals so far: 1");

  const ben = await scene.enter(BEN, { as: await scene.api.colleague("Ben", "admin") });
  await ben.page.goto(ana.page.url());
  await ben.press("Approve…");
  await ben.confirm("Approve");
  await ben.reads("It binds nobody until it is activated");

  await ana.page.reload();
  await ana.keys("Activate…");
  await ana.keys("Activate");
  await ana.reads("In force since");
  const active = await scene.api.get<{ name: string; rules: { rule: { id: string }[] } }>(
    "/market/rules/active",
  );
  expect(active.name).toBe("Nobody buys");
  expect(active.rules.rule.map(({ id }) => id)).toEqual(["no-direct-sale", "initial-allow"]);
});

test("an operator adds a partner, whose staff found tenants of their own and see no others", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA, { owner: true });
  await ana.page.setViewportSize(DESKTOP);
  await ana.page.goto(`${scene.api.url}/console/partners`);
  await ana.press("New partner");
  const form = ana.page.getByRole("dialog");
  await form.getByRole("textbox", { name: "Name of the organisation" }).fill("Bizconf");
  await form.getByRole("textbox", { name: "Code" }).fill("bizconf");
  await form.getByRole("textbox", { name: "Email of the first of its staff" }).fill("ben@bizconf.example");
  await ana.confirm("Add partner");
  const link = await ana.page.locator(".link-box").textContent();
  await ana.confirm("Done");
  await ana.page.getByRole("rowheader", { name: "Bizconf" }).waitFor();
  expect(await barriers(ana.page)).toEqual([]);

  const ben = await scene.enter(BEN, { as: await scene.api.enrolled(link ?? "") });
  await ben.page.setViewportSize(DESKTOP);
  await ben.page.goto(`${scene.api.url}/console`);
  await ben.press("New tenant");
  await ben.page.getByRole("textbox", { name: "Name of the organisation" }).fill("Harbour Ltd");
  await ben.page.getByRole("textbox", { name: "Email of the first owner" }).fill("chen@harbour.example");
  await ben.page.getByRole("textbox", { name: "Country or region" }).fill("HK");
  await ben.page.getByRole("button", { name: /Sold through/ }).click();
  await ben.page.getByRole("option", { name: "Bizconf" }).click();
  await ben.confirm("Found tenant");
  await ben.confirm("Done");
  await ben.page.getByRole("rowheader", { name: "Harbour Ltd" }).waitFor();
  await ben.reads("Hong Kong");
  expect(await barriers(ben.page)).toEqual([]);
  // What is the operator's is not even named.
  expect(await ben.page.getByRole("tab").allTextContents()).toEqual([
    "Tenants",
    "Partners",
    "Statements",
    "Sign-in",
    "Brand",
    "Audit log",
  ]);
  expect(await ben.page.getByRole("rowheader").allTextContents()).not.toContain("Meetinghouse");
});
