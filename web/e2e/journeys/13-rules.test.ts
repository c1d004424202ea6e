/** What a host allows and asks, seen from both sides. */

import { test } from "vitest";
import { ANA, BEN, CHEN, type Persona } from "../harness/cast";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN, CHEN);

test("people write to whom the host permits", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben] = (await scene.join(BEN)) as [Person];
  await Promise.all([ana.press("Chat"), ben.press("Chat")]);

  await rule(ana, "Participants may chat with", "Hosts only");
  await ben.reads("You can write to hosts only.");
  await ben.says("For the host alone");
  await ana.reads("For the host alone");
  await rule(ana, "Participants may chat with", "Nobody");
  await Promise.all([ana, ben].map((person) => person.reads("The host has turned chat off.")));
  await rule(ana, "Participants may chat with", "Everyone");
  await ben.page.getByRole("textbox", { name: "Message" }).waitFor();
  await ben.says("We may speak again");
  await ana.reads("We may speak again");
});

test("one shares at a time, several do, or only hosts, as the host says", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben, chen] = (await scene.join(BEN, CHEN)) as [Person, Person];
  await Promise.all([scene.openTab(ben), scene.openTab(chen)]);
  await ben.press("Share screen");
  await ana.seesScreenOf(BEN);
  await chen.press("Share screen");
  await chen.reads("Somebody else is sharing.");
  await chen.button("Share screen").waitFor();

  await rule(ana, "Who may share", "Several at once");
  await chen.press("Share screen");
  for (const sharer of [CHEN, BEN]) {
    await ana.press("View options");
    await ana.page.getByRole("menuitemradio", { name: sharer.name }).click();
    await ana.seesScreenOf(sharer);
  }

  await Promise.all([ben.press("Stop sharing"), chen.press("Stop sharing")]);
  await ana.seesNoScreen();
  await rule(ana, "Who may share", "Hosts only");
  await ben.press("Share screen");
  await ben.reads("The host allows sharing to hosts only.");
});

test("the host admits all who wait with one press", async () => {
  const scene = await Scene.open(troupe, { settings: { lobby: true } });
  const ana = await scene.hostEnters(ANA);
  const guests = await Promise.all([BEN, CHEN].map((persona) => scene.enter(persona)));
  await Promise.all(guests.map((guest) => guest.join(scene.meeting.join_url)));
  const notices = ana.page.getByRole("region", { name: "Notices" });
  await notices.getByText("2 people are waiting in the lobby.").waitFor();
  await ana.press("Admit all");
  await Promise.all(guests.map((guest) => guest.isInMeeting()));
});

test("who is muted is asked to unmute, and speaks only by their own press", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben] = (await scene.join(BEN)) as [Person];
  await ana.hears([BEN]);
  await ana.press("Participants");
  await ana.press("Mute Ben");
  await ben.reads("The host has muted you.");
  await ana.hears([]);

  await act(ana, BEN, "Ask to unmute");
  await ben.reads("Ana asks you to unmute.");
  await ben.button("Unmute").waitFor();
  await ana.hears([]);
  await ben.press("Unmute now");
  await ana.hears([BEN]);
});

test("a spotlight is for everybody, a pin for oneself and before it", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben, chen] = (await scene.join(BEN, CHEN)) as [Person, Person];
  await act(ana, CHEN, "Spotlight for everyone");
  await Promise.all([ana, ben, chen].map((person) => large(person, CHEN).waitFor()));
  await act(ben, ANA, "Pin");
  await large(ben, ANA).waitFor();
  await act(ana, CHEN, "Remove spotlight");
  await Promise.all([ana, chen].map((person) => large(person, CHEN).waitFor({ state: "detached" })));
  await large(ben, ANA).waitFor();
  await act(ben, ANA, "Remove pin");
  await large(ben, ANA).waitFor({ state: "detached" });
});

test("a host leaves and is host again on return, or hands the meeting over", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben] = (await scene.join(BEN)) as [Person];
  await ana.press("Leave");
  await ana.confirm("Leave");
  await ben.reads("Ana has left.");
  await ana.join(scene.meeting.join_url);
  await ana.button("Lock meeting").waitFor();
  await ben.sees([ANA]);

  await act(ana, BEN, "Make host");
  await ana.reads("Make Ben the host?");
  await ana.confirm("Make host");
  await ben.reads("You are the host now.");
  await ana.reads("You are a co-host now.");
  await ben.press("Participants");
  await ben.button("Mute Ana").waitFor();
});

test("a host gives somebody another name, and everybody reads it", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben, chen] = (await scene.join(BEN, CHEN)) as [Person, Person];
  await act(ana, BEN, "Rename");
  const field = ana.page.getByRole("textbox", { name: "New name" });
  await field.fill("Benedikt");
  await field.press("Enter");
  for (const person of [ana, chen]) {
    await person.page.getByRole("group", { name: /^Benedikt/ }).waitFor();
    await person.page.getByRole("group", { name: /^Ben\b/ }).waitFor({ state: "detached" });
  }
  await ben.page.getByRole("group", { name: /^Benedikt, you/ }).waitFor();
});

async function rule(host: Person, group: string, choice: string): Promise<void> {
  await host.press("More");
  await host.page.getByRole("group", { name: group }).getByRole("menuitemradio", { name: choice }).click();
}

/** Something of a person's menu. */
async function act(person: Person, other: Persona, choice: string): Promise<void> {
  await person.press(`More for ${other.name}`);
  await person.page.getByRole("menuitem", { name: choice, exact: true }).click();
}

function large(person: Person, other: Persona) {
  return person.page.locator(`[role="group"][data-large][aria-label^="${other.name}"]`);
}
