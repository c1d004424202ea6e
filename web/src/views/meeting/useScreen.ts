import { useCallback, useState } from "react";

export type Panel = "participants" | "chat";
export type DialogName = "statistics" | "shortcuts" | "invite";

/** What this person has open and chosen on the meeting's screen; nobody else sees it. */
export interface Screen {
  readonly panel: Panel | null;
  readonly dialog: DialogName | null;
  readonly pinned: string | null;
  readonly page: number;
  /** Whose shared screen is looked at, when several share. */
  readonly sharer: string | null;
  /** Who is to be removed, once that is confirmed. */
  readonly removing: string | null;
  /** Chat opens addressed to this person. */
  readonly chatTo: string | null;
}

const START: Screen = {
  panel: null,
  dialog: null,
  pinned: null,
  page: 0,
  sharer: null,
  removing: null,
  chatTo: null,
};

export interface ScreenControl extends Screen {
  readonly set: (change: Partial<Screen>) => void;
  readonly togglePanel: (panel: Panel) => void;
}

export function useScreen(): ScreenControl {
  const [screen, setScreen] = useState(START);
  const set = useCallback((change: Partial<Screen>) => setScreen((old) => ({ ...old, ...change })), []);
  const togglePanel = useCallback(
    (panel: Panel) => setScreen((old) => ({ ...old, panel: old.panel === panel ? null : panel })),
    [],
  );
  return { ...screen, set, togglePanel };
}
