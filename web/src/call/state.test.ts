/** Snapshot + later events = fresh snapshot: on the vectors shared with the server, and on random meetings. */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sequenced, Snapshot, State } from "../api/signalling.ts";
import { apply, fromSnapshot, mayShare, sharersOf, shownSharer, type Versioned } from "./state.ts";
import { MEETING, person, state } from "./testing/people.ts";

interface Vector {
  readonly name: string;
  readonly snapshot: Snapshot;
  readonly events: readonly Sequenced[];
  readonly expect: Snapshot;
}

const VECTORS = new URL("../../../protocol/vectors/", import.meta.url);

function vectors(): readonly Vector[] {
  return readdirSync(VECTORS)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, VECTORS), "utf8")) as Vector[]);
}

describe("the vectors shared with the server", () => {
  it.each(vectors().map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    const reached = vector.events.reduce(apply, fromSnapshot(vector.snapshot));
    expect(reached).toEqual(fromSnapshot(vector.expect));
  });
});

/** What the server does, told independently: things by id in the order they came. */
class Server {
  readonly events: Sequenced[] = [];
  #participants = new Map<string, State["participants"][number]>();
  #waiting = new Map<string, State["waiting"][number]>();
  #messages = new Map<string, State["messages"][number]>();
  #meeting = MEETING;

  snapshot(): Versioned {
    return {
      sequence: this.events.length,
      state: {
        you: "me",
        meeting: this.#meeting,
        participants: [...this.#participants.values()],
        waiting: [...this.#waiting.values()],
        messages: [...this.#messages.values()],
      },
    };
  }

  act([kind, id, word]: readonly [number, string, string]): void {
    const sequence = this.events.length + 1;
    switch (kind) {
      case 0: {
        const participant = person(id, { name: word });
        this.#participants.set(id, participant);
        this.#emit({ type: "participant", sequence, participant });
        return;
      }
      case 1:
        this.#participants.delete(id);
        this.#emit({ type: "participant_gone", sequence, participant: id, reason: "left" });
        return;
      case 2: {
        const waiting = { id, name: word, asked_at: "2026-11-23T09:00:00Z" };
        this.#waiting.set(id, waiting);
        this.#emit({ type: "waiting", sequence, waiting });
        return;
      }
      case 3:
        this.#waiting.delete(id);
        this.#emit({ type: "waiting_gone", sequence, waiting: id });
        return;
      case 4:
        this.#meeting = { ...MEETING, title: word };
        this.#emit({ type: "meeting", sequence, meeting: this.#meeting });
        return;
      default: {
        const key = `line-${sequence}`;
        const message = {
          id: key,
          key,
          sender: id,
          sender_name: word,
          sent_at: "2026-11-23T09:00:00Z",
          text: word,
        };
        this.#messages.set(key, message);
        this.#emit({ type: "message", sequence, message });
        return;
      }
    }
  }

  #emit(event: Sequenced): void {
    this.events.push(event);
  }
}

const action = fc.tuple(
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom("ana", "ben", "chu", "me"),
  fc.string({ minLength: 1, maxLength: 8 }),
);

describe("any meeting", () => {
  it("is the same by events as by a fresh snapshot, wherever the snapshot was taken", () => {
    fc.assert(
      fc.property(fc.array(action), fc.nat(), (actions, at) => {
        const server = new Server();
        const snapshots = [server.snapshot()];
        for (const each of actions) {
          server.act(each);
          snapshots.push(server.snapshot());
        }
        const from = snapshots[at % snapshots.length] as Versioned;
        // All events are replayed: those that the snapshot already holds must change nothing.
        expect(server.events.reduce(apply, from)).toEqual(server.snapshot());
      }),
    );
  });

  it("does not change the state it was given", () => {
    const before = { sequence: 1, state: state([person("me")]) };
    const copy = structuredClone(before);
    apply(before, { type: "participant", sequence: 2, participant: person("ana") });
    expect(before).toEqual(copy);
  });

  it("keeps a bounded number of lines of chat", () => {
    const server = new Server();
    for (let line = 0; line < 600; line += 1) server.act([5, "ana", "hi"]);
    const reached = server.events.reduce(apply, { sequence: 0, state: state([person("me")]) });
    expect(reached.state.messages).toHaveLength(500);
    expect(reached.state.messages.at(-1)?.id).toBe("line-600");
  });
});

describe("sharing", () => {
  const sharing = person("ana", { sources: ["screen"] });

  it.each([
    ["one", "attendee", [], true],
    ["one", "attendee", [sharing], false],
    ["one", "host", [sharing], true],
    ["many", "attendee", [sharing], true],
    ["host", "attendee", [], false],
    ["host", "cohost", [], true],
  ] as const)("under %s an %s beside %j: %s", (share, role, others, allowed) => {
    const now = state([person("me", { role }), ...others], { meeting: { ...MEETING, share } });
    expect(mayShare(now)).toBe(allowed);
  });
});

describe("several shared screens", () => {
  const sharing = ["me", "ana", "ben"].map((id) => person(id, { sources: ["screen"] }));

  it("are those of others, and one of them is seen", () => {
    const sharers = sharersOf(state(sharing));
    expect(sharers.map(({ id }) => id)).toEqual(["ana", "ben"]);
    expect(shownSharer(sharers, null)).toBe("ben");
    expect(shownSharer(sharers, "ana")).toBe("ana");
    expect(shownSharer(sharers, "gone")).toBe("ben");
    expect(shownSharer([], "ana")).toBeNull();
  });
});
