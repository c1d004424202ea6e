import { useLingui } from "@lingui/react/macro";
import { Video } from "lucide-react";
import type { CSSProperties } from "react";
import type { BrandPalette, BrandPalettes, BrandView } from "../../../api/types.ts";
import { type Draft, isColour } from "./draft.ts";

interface BrandPreviewProps {
  readonly draft: Draft;
  readonly brand: BrandView;
  readonly palette: BrandPalettes | null;
}

/** What people will see, in both appearances, while it is written. */
export function BrandPreview({ draft, brand, palette }: BrandPreviewProps) {
  const { t } = useLingui();
  return (
    <aside className="brand-page__preview" aria-label={t`Preview`}>
      <h2>{t`Preview`}</h2>
      <Sample draft={draft} brand={brand} appearance="light" palette={palette?.light ?? null} />
      <Sample draft={draft} brand={brand} appearance="dark" palette={palette?.dark ?? null} />
      <div className="brand-mail">
        <span className="muted small">{t`Mail`}</span>
        <strong>{draft.mailName || draft.name}</strong>
        {draft.mailAddress !== "" && <span className="muted small">{draft.mailAddress}</span>}
        {Object.values(draft.footer)
          .filter((text) => text !== "")
          .slice(0, 1)
          .map((text) => (
            <span key={text} className="brand-mail__footer small">
              {text}
            </span>
          ))}
      </div>
    </aside>
  );
}

interface SampleProps {
  readonly draft: Draft;
  readonly brand: BrandView;
  readonly appearance: "light" | "dark";
  readonly palette: BrandPalette | null;
}

function Sample({ draft, brand, appearance, palette }: SampleProps) {
  const { t } = useLingui();
  const name = draft.name.trim();
  const help = draft.supportUrl !== "" || draft.supportEmail !== "";
  return (
    <div
      className="brand-sample"
      data-appearance={appearance}
      style={palette === null ? undefined : variables(palette)}
    >
      <div className="brand-sample__head">
        {brand.logo !== null && brand.look !== null ? (
          <img className="brand-sample__logo" src={brand.logo} alt={name} />
        ) : (
          <>
            <Mark brand={brand} name={name} />
            <strong className="truncate">{name}</strong>
          </>
        )}
      </div>
      <div className="brand-sample__body">
        <span className="brand-sample__link">{t`Sign in`}</span>
        <span className="brand-sample__button">
          <Video size={20} aria-hidden="true" />
          {t`New meeting`}
        </span>
        <span className="brand-sample__soft">{t`Home`}</span>
      </div>
      {(help || draft.links.length > 0) && (
        <div className="brand-sample__foot">
          {help && <span>{t`Help`}</span>}
          {draft.links.map((one) => (
            <span key={`${one.label} ${one.url}`}>{one.label}</span>
          ))}
        </div>
      )}
    </div>
  );
}

function Mark({ brand, name }: { readonly brand: BrandView; readonly name: string }) {
  if (brand.icon !== null && brand.look !== null) {
    return <img className="brand-sample__mark" src={brand.icon} alt="" />;
  }
  return (
    <span className="brand-sample__mark" aria-hidden="true">
      {[...name][0]?.toUpperCase() ?? ""}
    </span>
  );
}

function variables(palette: BrandPalette): CSSProperties {
  return Object.fromEntries(
    Object.entries(palette)
      .filter(([, colour]) => isColour(colour))
      .map(([role, colour]) => [`--${role.replaceAll("_", "-")}`, colour]),
  ) as CSSProperties;
}
