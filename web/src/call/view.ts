/** What the screens see of a call: one immutable value, replaced at each change. */
import type { Reason, Role, Slot, State } from "../api/signalling.ts";
import type { LocalNotice } from "./local.ts";
import type { MediaState } from "./media.ts";
import type { OutgoingLine } from "./outbox.ts";
import type { Limit, Sample } from "./stats.ts";
import type { Skew } from "./sync.ts";

/**
 *     idle → joining → lobby ⇄ joined → over
 *
 * `over` is the end of this call; another one is another `Call`.
 */
export type Phase = "idle" | "joining" | "lobby" | "joined" | "over";

/** Why it is over: the server's reason, or the code with which it refused to let us (back) in. */
export type Ending = { readonly reason: Reason } | { readonly refused: string };

export interface Reaction {
  readonly key: number;
  readonly participant: string;
  readonly reaction: string;
}

export interface CallView {
  readonly phase: Phase;
  readonly ending: Ending | null;
  readonly title: string;
  /** Signalling is there. */
  readonly connected: boolean;
  readonly media: MediaState;
  /** The browser holds sound back until a click. */
  readonly soundBlocked: boolean;
  readonly meeting: State | null;
  readonly speakers: readonly string[];
  /** Who is shown large: spoke for a second. */
  readonly active: string | null;
  /** Who sits where: oneself first, then as they came, speakers brought onto the first page. */
  readonly order: readonly string[];
  readonly slots: readonly Slot[];
  readonly reactions: readonly Reaction[];
  readonly outbox: readonly OutgoingLine[];
}

export const NEW_CALL: CallView = {
  phase: "idle",
  ending: null,
  title: "",
  connected: false,
  media: "idle",
  soundBlocked: false,
  meeting: null,
  speakers: [],
  active: null,
  order: [],
  slots: [],
  reactions: [],
  outbox: [],
};

export interface StatisticsView {
  readonly samples: readonly Sample[];
  readonly skews: readonly Skew[];
  readonly limit: Limit;
}

/** Things to say once. */
export type Notice =
  | LocalNotice
  | { readonly type: "muted_by_host" }
  | { readonly type: "share_ended" }
  | { readonly type: "asked_to_unmute"; readonly by: string }
  | { readonly type: "joined" | "left"; readonly name: string }
  | { readonly type: "hand_raised" | "message"; readonly name: string }
  | { readonly type: "role"; readonly role: Role }
  | { readonly type: "refused"; readonly code: string };
