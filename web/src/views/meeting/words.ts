import { useLingui } from "@lingui/react/macro";
import { useCallback } from "react";

/** What a refused request means to a person. */
export function useRefusalWords(): (code: string) => string {
  const { t } = useLingui();
  return useCallback(
    (code) => {
      switch (code) {
        case "share_not_allowed":
          return t`The host allows sharing to hosts only.`;
        case "share_taken":
          return t`Somebody else is sharing. You can share when they have stopped.`;
        case "publish_not_allowed":
          return t`You can watch this meeting, but not speak or show anything in it.`;
        case "chat_off":
          return t`The host has turned chat off.`;
        case "chat_host_only":
          return t`You can write to hosts only.`;
        case "chat_full":
          return t`This meeting's chat is full. Nothing more can be written.`;
        case "not_allowed":
          return t`Only the host can do this.`;
        case "unknown_participant":
          return t`This person is no longer in the meeting.`;
        case "disconnected":
          return t`You are not connected at the moment. Try again when the connection is back.`;
        case "too_many_attempts":
        case "rate_limited":
          return t`That was too fast. Wait a moment and try again.`;
        case "bad_name":
          return t`This name is not possible. Use letters that can be seen.`;
        default:
          return t`That did not work (${code}). Try again.`;
      }
    },
    [t],
  );
}
