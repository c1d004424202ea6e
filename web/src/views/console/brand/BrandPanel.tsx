import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { api } from "../../../api/http.ts";
import type { BrandView } from "../../../api/types.ts";
import { useResource } from "../../../shell/useResource.ts";
import { Button } from "../../../ui/Button.tsx";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import "./brand.css";
import { BrandForm } from "./BrandForm.tsx";
import { BrandPreview } from "./BrandPreview.tsx";
import { draftOf } from "./draft.ts";
import { HostsForm } from "./HostsForm.tsx";
import { Pictures } from "./Pictures.tsx";
import { usePalette } from "./usePalette.ts";

/** Under whose name one's organisation is met: what it is, and beside it what people will see. */
export function BrandPanel({ maySetHosts }: { readonly maySetHosts: boolean }) {
  const { t } = useLingui();
  const { resource, reload, put } = useResource("/brands/own", (signal) =>
    api.get<BrandView>("/brands/own", { signal }),
  );
  if (resource.state === "loading") return <SkeletonRows rows={8} />;
  if (resource.state === "error") {
    return (
      <ErrorPanel
        error={resource.error}
        title={t`The brand could not be loaded`}
        onRetry={() => void reload()}
      />
    );
  }
  return <Editor brand={resource.value} maySetHosts={maySetHosts} onChanged={put} onReload={reload} />;
}

interface EditorProps {
  readonly brand: BrandView;
  readonly maySetHosts: boolean;
  readonly onChanged: (brand: BrandView) => void;
  readonly onReload: () => Promise<void>;
}

function Editor({ brand, maySetHosts, onChanged, onReload }: EditorProps) {
  const { t } = useLingui();
  const [draft, setDraft] = useState(() => draftOf(brand.look ?? brand.shown));
  const palette = usePalette(draft.accent, draft.accentDark);
  return (
    <div className="brand-page">
      <div className="brand-page__form">
        {brand.look === null && (
          <p className="muted">
            {t`Your organisation has no brand of its own: it is met under ${brand.shown.name}. Save one to change that.`}
          </p>
        )}
        <BrandForm
          draft={draft}
          corrections={palette?.corrections ?? []}
          onDraft={setDraft}
          onSaved={onChanged}
        />
        {brand.look !== null && <Pictures brand={brand} onChanged={onReload} />}
        <HostsForm brand={brand} maySet={maySetHosts} onSaved={onChanged} />
        {brand.look !== null && (
          <Button
            variant="quiet"
            onPress={async () => {
              await api.delete("/brands/own");
              await onReload();
            }}
          >
            {t`Give this brand up`}
          </Button>
        )}
      </div>
      <BrandPreview draft={draft} brand={brand} palette={palette} />
    </div>
  );
}
