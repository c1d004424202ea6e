import { useLingui } from "@lingui/react/macro";
import { useCallback } from "react";

/** What a refused request means to a person. */
export function useRefusalWords(): (code: string) => string {
  const { t } = useLingui();
  return useCallback(
    (code) => {
      switch (code) {
        case "share_not_allowed":
          return t`Sharing is not possible now: the host allows it to hosts only, or somebody else shares already.`;
        case "chat_not_allowed":
          return t`The host does not allow this chat.`;
        case "not_allowed":
        case "forbidden":
          return t`Only the host can do this.`;
        case "unknown_participant":
          return t`This person is no longer in the meeting.`;
        case "disconnected":
          return t`You are not connected at the moment. Try again when the connection is back.`;
        case "too_many_requests":
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
