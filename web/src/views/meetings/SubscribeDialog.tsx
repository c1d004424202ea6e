import { useLingui } from "@lingui/react/macro";
import { api } from "../../api/http.ts";
import { useResource } from "../../shell/useResource.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Note } from "../../ui/Note.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";

/** The address under which a calendar program reads all of one's meetings. */
export function SubscribeDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const { resource, reload } = useResource("calendar", (signal) =>
    api.get<{ readonly url: string }>("/me/calendar", { signal }),
  );
  return (
    <Dialog
      title={t`Meetings in your calendar`}
      isOpen
      onClose={onClose}
      actions={<Button onPress={onClose}>{t`Done`}</Button>}
    >
      <p>{t`Add this address to your calendar program as a subscription. Your meetings then appear there and follow every change.`}</p>
      {resource.state === "loading" && <Skeleton height="40px" />}
      {resource.state === "error" && (
        <ErrorPanel
          error={resource.error}
          title={t`The address could not be loaded`}
          onRetry={reload}
          level={3}
        />
      )}
      {resource.state === "ready" && (
        <>
          <code className="link-box">{resource.value.url}</code>
          <div className="form__actions">
            <CopyButton text={resource.value.url} variant="primary">
              {t`Copy address`}
            </CopyButton>
            <ButtonLink
              href={resource.value.url.replace(/^https?:/, "webcal:")}
            >{t`Open in calendar program`}</ButtonLink>
          </div>
        </>
      )}
      <Note tone="warning">{t`Keep the address to yourself: it shows your meetings with their links to whoever has it.`}</Note>
    </Dialog>
  );
}
