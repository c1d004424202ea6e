import { useLingui } from "@lingui/react/macro";
import { plural } from "@lingui/core/macro";
import { useEffect } from "react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { playChime } from "../../call/chime.ts";
import { mayHost } from "../../call/state.ts";
import type { Notice } from "../../call/view.ts";
import { toasts } from "../../ui/toasts.ts";
import { useProblemWords } from "../join/problems.ts";
import { useRefusalWords } from "./words.ts";
import type { ScreenControl } from "./useScreen.ts";

const LOBBY = "lobby";
/** Comings and goings are glanced at, not read. */
const GLANCE_MS = 3000;

/** Says what happened: in toasts, announced politely, and with a soft sound where one should look up. */
export function useNotices(call: Call, meeting: State, screen: ScreenControl): void {
  const { t } = useLingui();
  const problems = useProblemWords();
  const refusals = useRefusalWords();

  useEffect(() => {
    const say = (notice: Notice): void => {
      switch (notice.type) {
        case "muted_by_host":
          toasts.show(t`The host has muted you.`);
          return;
        case "share_ended":
          toasts.show(t`Your screen is no longer shared.`);
          return;
        case "asked_to_unmute":
          toasts.show(t`${notice.by} asks you to unmute.`, {
            key: "asked-to-unmute",
            actions: [
              { label: t`Unmute now`, onPress: () => call.local.setMicrophone(true) },
              { label: t`Stay muted`, onPress: () => {} },
            ],
          });
          return;
        case "joined":
          if (call.devices.preferences.sounds) playChime("joined", call.devices.preferences.speakerId);
          toasts.show(t`${notice.name} has joined.`, { key: "coming", timeoutMs: GLANCE_MS });
          return;
        case "left":
          toasts.show(t`${notice.name} has left.`, { key: "coming", timeoutMs: GLANCE_MS });
          return;
        case "hand_raised":
          toasts.show(t`${notice.name} has raised a hand.`, { key: "hand" });
          return;
        case "role":
          toasts.show(
            notice.role === "host"
              ? t`You are the host now.`
              : notice.role === "cohost"
                ? t`You are a co-host now.`
                : t`You are a participant now.`,
          );
          return;
        case "device_changed":
          toasts.show(
            notice.kind === "microphone"
              ? t`Your microphone was unplugged. Now in use: ${notice.label}`
              : t`Your camera was unplugged. Now in use: ${notice.label}`,
            { tone: "warning" },
          );
          return;
        case "device_gone":
          toasts.show(notice.kind === "microphone" ? t`Your microphone was unplugged.` : t`Your camera was unplugged.`, {
            tone: "warning",
          });
          return;
        case "capture_failed":
          toasts.show(problems[notice.kind](notice.problem), { tone: "warning", key: `capture-${notice.kind}` });
          return;
        case "refused":
          toasts.show(refusals(notice.code), { tone: "warning", key: `refused-${notice.code}` });
      }
    };
    return call.onNotice(say);
  }, [call, t, problems, refusals]);

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
        : plural(waiting.length, { one: "# person is waiting in the lobby.", other: "# people are waiting in the lobby." }),
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
    if (count > 0 && call.devices.preferences.sounds) playChime("waiting", call.devices.preferences.speakerId);
  }, [count, call]);
  useEffect(() => () => toasts.close(LOBBY), []);
}
