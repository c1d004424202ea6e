/** An organisation's own sign-in: an owner sets it, and somebody who was invited comes in by it. */

import { expect, onTestFinished, test } from "vitest";
import { barriers } from "../harness/barriers";
import { ANA, BEN } from "../harness/cast";
import { Provider } from "../harness/provider";
import { DESKTOP, gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN);

test("an owner names the organisation's provider, and whom they invited signs in through it", async () => {
  const provider = await Provider.start();
  onTestFinished(() => provider.stop());
  const scene = await Scene.open(troupe, {
    environment: { MEETINGHOUSE_IDENTITY__NETWORKS: "127.0.0.0/8,::1/128" },
  });
  const ana = await scene.enter(ANA, { owner: true });
  await ana.page.setViewportSize(DESKTOP);
  await ana.page.goto(`${scene.api.url}/console/sign-in`);
  const back = await ana.page.locator(".link-box").first().textContent();
  const client = await provider.client(back ?? "");
  await ana.page.getByRole("textbox", { name: "Issuer" }).fill(provider.issuer);
  await ana.page.getByRole("textbox", { name: "Client id" }).fill(client.id);
  await ana.page.getByLabel("Client secret").fill(client.secret);
  await ana.press("Save");
  await ana.reads("Provider saved");
  expect(await barriers(ana.page)).toEqual([]);
  const link = await ana.page.locator(".link-box").nth(1).textContent();
  await scene.api.invite("ben@harbour.example");

  const ben = await scene.enter(BEN, { visits: provider.issuer });
  await ben.page.goto(link ?? "");
  await ben.page.getByRole("button", { name: "Sign in with your organisation" }).waitFor();
  expect(await barriers(ben.page)).toEqual([]);
  await ben.press("Sign in with your organisation");
  await ben.page.getByRole("textbox", { name: "Address" }).fill("ben@harbour.example");
  await ben.page.getByRole("button", { name: "Prove it" }).click();
  await ben.page.getByRole("button", { name: "Account of Ben" }).waitFor();
  expect(new URL(ben.page.url()).pathname).toBe("/");
});
