import { useLingui } from "@lingui/react/macro";
import { useCallback } from "react";
import type { Role } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { playChime } from "../../call/chime.ts";
import type { Notice } from "../../call/view.ts";
import { toasts } from "../../ui/toasts.ts";
import { useProblemWords } from "../join/problems.ts";
import { useRefusalWords } from "./words.ts";

/** Toasts of these keys replace each other. */
export const COMING = "coming";
export const ASKED = "asked-to-unmute";
/** Comings and goings are glanced at, not read. */
const GLANCE_MS = 3000;

type Say = { readonly [T in Notice["type"]]: (notice: Extract<Notice, { readonly type: T }>) => void };

/** One toast for each kind of notice. */
export function useNoticeToasts(call: Call, chatIsOpen: boolean): (notice: Notice) => void {
  const { t } = useLingui();
  const problems = useProblemWords();
  const refusals = useRefusalWords();
  return useCallback(
    (notice) => {
      const roles: Readonly<Record<Role, string>> = {
        host: t`You are the host now.`,
        cohost: t`You are a co-host now.`,
        attendee: t`You are a participant now.`,
      };
      const say: Say = {
        muted_by_host: () => toasts.show(t`The host has muted you.`),
        share_ended: () => toasts.show(t`Your screen is no longer shared.`),
        asked_to_unmute: ({ by }) =>
          toasts.show(t`${by} asks you to unmute.`, {
            key: ASKED,
            actions: [
              { label: t`Unmute now`, onPress: () => call.local.setMicrophone(true) },
              { label: t`Stay muted`, onPress: () => {} },
            ],
          }),
        joined: ({ name }) => {
          const { sounds, speakerId } = call.devices.preferences;
          if (sounds) playChime("joined", speakerId);
          toasts.show(t`${name} has joined.`, { key: COMING, timeoutMs: GLANCE_MS });
        },
        left: ({ name }) => toasts.show(t`${name} has left.`, { key: COMING, timeoutMs: GLANCE_MS }),
        hand_raised: ({ name }) => toasts.show(t`${name} has raised a hand.`, { key: "hand" }),
        message: ({ name }) => {
          if (!chatIsOpen) toasts.show(t`New message from ${name}`, { key: "message", timeoutMs: GLANCE_MS });
        },
        role: ({ role }) => toasts.show(roles[role]),
        device_changed: ({ kind, label }) =>
          toasts.show(
            kind === "microphone"
              ? t`Your microphone was unplugged. Now in use: ${label}`
              : t`Your camera was unplugged. Now in use: ${label}`,
            { tone: "warning" },
          ),
        device_found: ({ kind }) =>
          toasts.show(
            kind === "microphone"
              ? t`A microphone was plugged in. You can unmute.`
              : t`A camera was plugged in. You can start your video.`,
            {
              key: `device-${kind}`,
              actions: [
                {
                  label: t`Switch it on`,
                  onPress: () =>
                    kind === "microphone" ? call.local.setMicrophone(true) : call.local.setCamera(true),
                },
              ],
            },
          ),
        device_added: ({ kind, device: { id, label } }) =>
          toasts.show(kind === "microphone" ? t`New microphone: ${label}` : t`New camera: ${label}`, {
            key: `device-${kind}`,
            actions: [{ label: t`Use it`, onPress: () => void call.local.choose(kind, id) }],
          }),
        device_gone: ({ kind }) =>
          toasts.show(
            kind === "microphone" ? t`Your microphone was unplugged.` : t`Your camera was unplugged.`,
            {
              tone: "warning",
            },
          ),
        capture_failed: ({ kind, problem }) =>
          toasts.show(problems[kind](problem), { tone: "warning", key: `capture-${kind}` }),
        refused: ({ code }) => toasts.show(refusals(code), { tone: "warning", key: `refused-${code}` }),
      };
      (say[notice.type] as (notice: Notice) => void)(notice);
    },
    [call, chatIsOpen, t, problems, refusals],
  );
}
