import { useLingui } from "@lingui/react/macro";
import { Upload } from "lucide-react";
import { useRef } from "react";
import { api } from "../../../api/http.ts";
import type { BrandView, KeptPicture } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { Note } from "../../../ui/Note.tsx";
import { toasts } from "../../../ui/toasts.ts";

interface PicturesProps {
  readonly brand: BrandView;
  readonly onChanged: () => Promise<void>;
}

/** The logo and the icon of a brand. */
export function Pictures({ brand, onChanged }: PicturesProps) {
  const { t } = useLingui();
  return (
    <section className="form">
      <h2>{t`Pictures`}</h2>
      <p className="muted small">{t`PNG, JPEG, WebP or plain SVG, up to 512 KiB. Whatever is more than a picture is left out.`}</p>
      <Picture kind="logo" label={t`Logo`} url={brand.logo} onChanged={onChanged} />
      <Picture kind="icon" label={t`Icon`} url={brand.icon} onChanged={onChanged} />
    </section>
  );
}

interface PictureProps {
  readonly kind: "logo" | "icon";
  readonly label: string;
  readonly url: string | null;
  readonly onChanged: () => Promise<void>;
}

function Picture({ kind, label, url, onChanged }: PictureProps) {
  const { t } = useLingui();
  const input = useRef<HTMLInputElement>(null);
  const send = useAction(async (file: File) => {
    const kept = await api.put<KeptPicture>(`/brands/own/pictures/${kind}`, { data: await base64(file) });
    if (kept.left_out.length > 0) toasts.show(t`Left out of the picture: ${kept.left_out.join(", ")}`);
    await onChanged();
  });
  const remove = useAction(async () => {
    await api.delete(`/brands/own/pictures/${kind}`);
    await onChanged();
  });
  const error = send.error ?? remove.error;
  return (
    <div className="brand-page__picture">
      <span className="field__label">{label}</span>
      <div className="brand-page__picture-row">
        {url !== null && <img src={url} alt={label} data-kind={kind} />}
        <input
          ref={input}
          type="file"
          hidden
          aria-label={label}
          accept="image/png,image/jpeg,image/webp,image/svg+xml"
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file !== undefined) void send.run(file);
          }}
        />
        <Button
          icon={<Upload size={20} aria-hidden="true" />}
          isPending={send.pending}
          onPress={() => input.current?.click()}
        >
          {kind === "logo" ? t`Choose a logo…` : t`Choose an icon…`}
        </Button>
        {url !== null && (
          <Button variant="quiet" isPending={remove.pending} onPress={() => void remove.run()}>
            {kind === "logo" ? t`Remove the logo` : t`Remove the icon`}
          </Button>
        )}
      </div>
      {error !== null && <Note tone="danger">{error}</Note>}
    </div>
  );
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
