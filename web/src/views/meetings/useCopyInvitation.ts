import { useLingui } from "@lingui/react/macro";
import { api, withQuery } from "../../api/http.ts";
import type { Invitation } from "../../api/types.ts";
import { errorText } from "../../i18n/errors.ts";
import { currentLanguage } from "../../i18n/i18n.ts";
import { copyText } from "../../ui/clipboard.ts";
import { toasts } from "../../ui/toasts.ts";

export function invitationPath(meetingId: string): string {
  return withQuery(`/meetings/${encodeURIComponent(meetingId)}/invitation`, { language: currentLanguage() });
}

/** Copies a meeting's invitation, in the language of this page, and says so. */
export function useCopyInvitation(): (meetingId: string) => Promise<void> {
  const { t, i18n } = useLingui();
  return async (meetingId) => {
    try {
      const { text } = await api.get<Invitation>(invitationPath(meetingId));
      await copyText(text);
      toasts.show(t`Invitation copied`, { tone: "success" });
    } catch (error) {
      toasts.show(errorText(i18n, error), { tone: "danger" });
    }
  };
}
