import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { useEffect } from "react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { playChime } from "../../call/chime.ts";
import { mayHost } from "../../call/state.ts";
import { toasts } from "../../ui/toasts.ts";
import { ASKED, COMING, useNoticeToasts } from "./useNoticeToasts.ts";
import type { ScreenControl } from "./useScreen.ts";

const LOBBY = "lobby";
/** Says what happened: in toasts, announced politely, and with a soft sound where one should look up. */
export function useNotices(call: Call, meeting: State, screen: ScreenControl): void {
  const { t } = useLingui();
  const say = useNoticeToasts(call, screen.panel === "chat");
  useEffect(() => call.onNotice(say), [call, say]);

  const waiting = mayHost(meeting) ? meeting.waiting : [];
  const open = screen.panel === "participants";
  const { set } = screen;
  useEffect(() => {
    const [first] = waiting;
    // The panel has the same buttons: once is enough.
    if (first === undefined || open) {
      toasts.close(LOBBY);
      return;
    }
    const view = { label: t`View`, onPress: () => set({ panel: "participants" }) };
    const alone = waiting.length === 1;
    toasts.show(
      alone
        ? t`${first.name} is waiting in the lobby.`
        : plural(waiting.length, {
            one: "# person is waiting in the lobby.",
            other: "# people are waiting in the lobby.",
          }),
      {
        key: LOBBY,
        actions: [
          {
            label: alone ? t`Admit` : t`Admit all`,
            onPress: () => call.act(alone ? { type: "admit", participant: first.id } : { type: "admit" }),
          },
          view,
        ],
      },
    );
  }, [call, waiting, open, set, t]);

  const count = waiting.length;
  useEffect(() => {
    if (count > 0 && call.devices.preferences.sounds)
      playChime("waiting", call.devices.preferences.speakerId);
  }, [count, call]);
  // What was said of the meeting ends with it.
  useEffect(
    () => () => {
      for (const key of [LOBBY, COMING, ASKED]) toasts.close(key);
    },
    [],
  );
}
