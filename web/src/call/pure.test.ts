/** Small decisions, each with the cases that matter. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chatPartners, grouped } from "./chat.ts";
import { cameraEncodings } from "./encoding.ts";
import { inAppBrowser, permissionHelp } from "./environment.ts";
import { linkify } from "./links.ts";
import { loudness } from "./meter.ts";
import { readPreferences, writePreferences } from "./preferences.ts";
import { matches, sorted } from "./roster.ts";
import { ActiveSpeaker } from "./speaker.ts";
import { isBefore } from "./stage.ts";
import { bars, limit, type Sample } from "./stats.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { memoryStore } from "./testing/memory-store.ts";
import { MEETING, person, state } from "./testing/people.ts";

describe("links in chat", () => {
  it("are http and https, without what ends the sentence", () => {
    expect(linkify("see https://a.example/b?c=1, and http://d.example.")).toEqual([
      { type: "text", text: "see " },
      { type: "link", text: "https://a.example/b?c=1", href: "https://a.example/b?c=1" },
      { type: "text", text: ", and " },
      { type: "link", text: "http://d.example", href: "http://d.example/" },
      { type: "text", text: "." },
    ]);
  });

  it("show the true host: no name before it, no look-alike letters", () => {
    expect(linkify("https://bank.example@evil.example/")).toEqual([
      { type: "text", text: "https://bank.example@evil.example/" },
    ]);
    expect(linkify("https://bаnk.example/x")[0]?.text).toMatch(/^https:\/\/xn--/);
  });

  it("are never scripts, and no text is lost or added but hosts", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const pieces = linkify(text);
        for (const piece of pieces) if (piece.type === "link") expect(piece.href).toMatch(/^https?:/);
        if (pieces.every((piece) => piece.type === "text"))
          expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      }),
    );
    expect(linkify("javascript:alert(1)").every((piece) => piece.type === "text")).toBe(true);
  });
});

describe("whom one may write to", () => {
  const host = person("h", { role: "host" });
  const other = person("o");

  it.each([
    ["everyone", "attendee", true, ["h", "o"]],
    ["host", "attendee", false, ["h"]],
    ["host", "cohost", true, ["h", "o"]],
    ["off", "host", false, []],
  ] as const)("under %s, as %s", (chat, role, everyone, ids) => {
    const now = state([person("me", { role }), host, other], { meeting: { ...MEETING, chat } });
    const partners = chatPartners(now);
    expect([partners.everyone, partners.people.map(({ id }) => id)]).toEqual([everyone, ids]);
  });

  it("groups lines of one person, apart by five minutes", () => {
    const line = (id: string, sender: string, minute: number) => ({
      id,
      key: id,
      sender,
      sender_name: sender,
      sent_at: `2026-11-23T09:${String(minute).padStart(2, "0")}:00Z`,
      text: id,
    });
    const groups = grouped([
      line("1", "a", 0),
      line("2", "a", 1),
      line("3", "b", 1),
      line("4", "a", 2),
      line("5", "a", 20),
    ]);
    expect(groups.map((group) => group.lines.map(({ id }) => id))).toEqual([["1", "2"], ["3"], ["4"], ["5"]]);
    expect(groups.map(({ newDay }) => newDay)).toEqual([true, false, false, false]);
  });
});

describe("the participants panel", () => {
  it("has oneself first, then hands, then who speaks, then hosts, then names", () => {
    const people = [
      person("z"),
      person("host", { role: "host" }),
      person("late", { hand_raised_at: "2026-11-23T09:05:00Z" }),
      person("early", { hand_raised_at: "2026-11-23T09:01:00Z" }),
      person("talks"),
      person("a"),
      person("me"),
    ];
    const order = sorted(people, "me", ["talks"], "en").map(({ id }) => id);
    expect(order).toEqual(["me", "early", "late", "talks", "host", "a", "z"]);
  });

  it("finds names whatever the case and the accents", () => {
    expect(matches("Éva Müller", "eva mul")).toBe(true);
    expect(matches("王小明", "小明")).toBe(true);
    expect(matches("Ana", "ben")).toBe(false);
  });
});

describe("who is large", () => {
  it("changes after a second of speech, not at a cough", async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const speaker = new ActiveSpeaker(clock, (participant) => seen.push(participant));
    speaker.hear("ana");
    speaker.hear("ben");
    await clock.pass(600);
    speaker.hear("ana");
    await clock.pass(5000);
    expect(seen).toEqual(["ana"]);
    speaker.hear("ben");
    await clock.pass(1000);
    expect(seen).toEqual(["ana", "ben"]);
  });
});

describe("a camera's encodings", () => {
  const sent = (width: number, height: number, watched?: readonly string[], count = 3) =>
    cameraEncodings({ width, height }, watched, count)
      .filter(({ active }) => active)
      .map(({ scaleResolutionDownBy, maxBitrate }) => [height / scaleResolutionDownBy, maxBitrate]);

  it("are a thumbnail, a tile and a stage, each with bits for its size", () => {
    expect(sent(1280, 720)).toEqual([
      [180, 180_000],
      [360, 700_000],
      [720, 2_000_000],
    ]);
    expect(cameraEncodings({ width: 1280, height: 720 }, undefined, 3)).toHaveLength(3);
  });

  it("leave out what nobody watches", () => {
    const heights = (height: number, watched: readonly string[]) =>
      sent((height * 16) / 9, height, watched).map(([sent]) => sent);
    expect(heights(720, ["l", "h"])).toEqual([180, 720]);
    expect(heights(720, ["l"])).toEqual([180]);
    expect(heights(360, ["l", "h"])).toEqual([180, 360]);
    expect(heights(360, ["l"])).toEqual([180]);
  });

  it("are as many as a small capture is worth, the largest being the whole of it", () => {
    expect(sent(640, 480).map(([height]) => height)).toEqual([180, 480]);
    expect(sent(320, 180)).toEqual([[180, 180_000]]);
    expect(sent(160, 90)).toEqual([[90, 180_000]]);
  });

  it("are one where the server takes no layers", () => {
    expect(sent(1280, 720, undefined, 1)).toEqual([[720, 2_000_000]]);
    expect(sent(1280, 720, ["l"], 1)).toEqual([[720, 2_000_000]]);
  });

  it("measure a phone held upright by its short side", () => {
    const [, , stage] = cameraEncodings({ width: 720, height: 1280 }, undefined, 3);
    expect(stage?.scaleResolutionDownBy).toBe(1);
  });
});

describe("RTP time", () => {
  it("goes in a circle", () => {
    expect(isBefore(1, 2)).toBe(true);
    expect(isBefore(2, 2)).toBe(false);
    expect(isBefore(0xffff_fff0, 5)).toBe(true);
    expect(isBefore(5, 0xffff_fff0)).toBe(false);
  });
});

describe("loudness", () => {
  it("is 0 in silence and 1 at the top", () => {
    expect(loudness(new Float32Array(8))).toBe(0);
    expect(loudness(new Float32Array(8).fill(1))).toBe(1);
    const quiet = loudness(new Float32Array(8).fill(0.01));
    expect(quiet).toBeGreaterThan(0.2);
    expect(quiet).toBeLessThan(0.5);
  });
});

describe("what limits the meeting", () => {
  const good: Sample = {
    at: 0,
    up: { bitrateBps: 1e6, loss: 0 },
    down: { bitrateBps: 1e6, loss: 0 },
    roundTripMs: 20,
    transport: "udp",
    streams: [],
    frozenMs: 0,
    concealedMs: 0,
  };

  it.each([
    ["nothing", good, 3],
    ["loss_down", { ...good, down: { bitrateBps: 1, loss: 0.1 } }, 1],
    ["loss_up", { ...good, up: { bitrateBps: 1, loss: 0.04 } }, 2],
    ["delay", { ...good, roundTripMs: 400 }, 2],
  ] as const)("%s", (expected, sample, shown) => {
    expect(limit(sample, true, false)).toBe(expected);
    expect(bars(sample)).toBe(shown);
  });

  it("is the missing connection before anything else", () =>
    expect(limit(good, false, true)).toBe("offline"));

  it("is the way down when there is no room for a picture", () =>
    expect(limit(good, true, true)).toBe("bandwidth_down"));
});

describe("preferences", () => {
  it("survive, and forget what another version wrote", () => {
    const store = memoryStore();
    writePreferences(store, { name: "Ana", joinMuted: true });
    expect(readPreferences(store)).toMatchObject({ name: "Ana", joinMuted: true, mirror: true });
    store.setItem("meetinghouse.preferences", JSON.stringify({ name: 7, unknown: 1, mirror: false }));
    expect(readPreferences(store)).toMatchObject({ name: "", mirror: false });
    store.setItem("meetinghouse.preferences", "{");
    expect(readPreferences(store).name).toBe("");
  });
});

describe("the browser", () => {
  it("is told by what it says of itself", () => {
    const chrome =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36";
    const safari =
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605.1 (KHTML, like Gecko) Version/18 Safari/605.1";
    expect(permissionHelp(chrome, 0)).toBe("chromium");
    expect(permissionHelp(safari, 0)).toBe("safari");
    expect(permissionHelp(safari, 5)).toBe("ios");
    expect(inAppBrowser(`${chrome} MicroMessenger/8.0`)).toBe("WeChat");
    expect(inAppBrowser(chrome)).toBeNull();
  });
});
