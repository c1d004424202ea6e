import { describe, expect, it } from "vitest";
import { parseInvitation, rememberTicket, spokenNumber, takePasscode, takeTicket } from "./entry.ts";
import { memoryStore } from "./testing/memory-store.ts";

const LINK_ID = "abcdefghijklmnopqrstuv";

describe("what somebody types", () => {
  it.each([
    ["123 456 789", { meeting: "123456789", passcode: null }],
    ["123-4567-8901", { meeting: "12345678901", passcode: null }],
    [`https://meet.example/j/${LINK_ID}#p=123456`, { meeting: LINK_ID, passcode: "123456" }],
    [`  https://meet.example/j/${LINK_ID} `, { meeting: LINK_ID, passcode: null }],
    [LINK_ID, { meeting: LINK_ID, passcode: null }],
    ["12345", null],
    ["https://meet.example/", null],
    ["hello", null],
  ])("%s", (text, invitation) => expect(parseInvitation(text)).toEqual(invitation));
});

describe("the passcode of a link", () => {
  const page = (hash: string) => {
    const shown: string[] = [];
    const history = {
      state: null,
      replaceState: (_state: unknown, _title: string, url: string) => shown.push(url),
    };
    return {
      shown,
      location: { hash, pathname: `/j/${LINK_ID}`, search: "" } as Location,
      history: history as unknown as History,
    };
  };

  it("goes out of the address bar and stays known to this tab", () => {
    const store = memoryStore();
    const opened = page("#p=123456");
    expect(takePasscode(LINK_ID, opened.location, opened.history, store)).toBe("123456");
    expect(opened.shown).toEqual([`/j/${LINK_ID}`]);
    const reloaded = page("");
    expect(takePasscode(LINK_ID, reloaded.location, reloaded.history, store)).toBe("123456");
  });

  it("is not known for another meeting", () => {
    const { location, history } = page("");
    expect(takePasscode("another-meeting-1234567", location, history, memoryStore())).toBeNull();
  });
});

describe("a ticket from another page", () => {
  it("is taken once", () => {
    const store = memoryStore();
    rememberTicket({ ticket: "t", audio: true, video: false, name: "Ana" }, store);
    expect(takeTicket(store)).toMatchObject({ ticket: "t", audio: true, video: false });
    expect(takeTicket(store)).toBeNull();
  });
});

describe("numbers", () => {
  it.each([
    ["123456789", "123 456 789"],
    ["1234567890", "123 456 7890"],
    ["12345678901", "123 4567 8901"],
  ])("%s is read as %s", (number, spoken) => expect(spokenNumber(number)).toBe(spoken));
});
