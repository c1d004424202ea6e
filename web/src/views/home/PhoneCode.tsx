import { useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { api } from "../../api/http.ts";
import type { LocalNetwork } from "../../api/types.ts";
import { brand } from "../../shell/branding.ts";
import { QrCode } from "../../ui/QrCode.tsx";

/** On a local network: the code that opens this page on a phone. Elsewhere, and when it cannot be asked, nothing. */
export function PhoneCode() {
  const { t } = useLingui();
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    api
      .get<LocalNetwork>("/local", { signal: controller.signal })
      .then((local) => setUrl(local.qr_url === null ? null : (local.lan_urls[0] ?? null)))
      .catch(() => setUrl(null));
    return () => controller.abort();
  }, []);
  if (url === null) return null;
  return (
    <figure className="phone-code">
      <div className="phone-code__picture">
        <QrCode value={url} label={t`QR code that opens ${brand().name} on a phone`} />
      </div>
      <figcaption>
        <strong>{t`Open on a phone`}</strong>
        <span className="muted small">{t`Scan this code with a phone on the same network.`}</span>
        <span className="muted small">{url}</span>
      </figcaption>
    </figure>
  );
}
