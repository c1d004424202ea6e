import { useLingui } from "@lingui/react/macro";
import { api } from "../../../api/http.ts";
import type { Identity } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { useResource } from "../../../shell/useResource.ts";
import { CopyButton } from "../../../ui/CopyButton.tsx";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { Note } from "../../../ui/Note.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import "../../settings/settings.css";
import { Switch } from "../../../ui/Switch.tsx";
import { ProviderForm } from "./ProviderForm.tsx";
import { ScimSection } from "./ScimSection.tsx";

/** How one's organisation signs in; for its owners. */
export function IdentityPanel() {
  const { t } = useLingui();
  const { resource, put, reload } = useResource<Identity>("/identity", (signal) =>
    api.get("/identity", { signal }),
  );
  if (resource.state === "loading") return <SkeletonRows rows={6} />;
  if (resource.state === "error") {
    return (
      <ErrorPanel
        error={resource.error}
        title={t`How your organisation signs in could not be loaded`}
        onRetry={() => void reload()}
      />
    );
  }
  const identity = resource.value;
  return (
    <div className="settings">
      <section className="settings__part" aria-labelledby="identity-provider">
        <h2 id="identity-provider">{t`Your organisation's provider`}</h2>
        <p className="muted">{t`With an OpenID Connect provider (Entra ID, Okta, Keycloak, Google …) your people sign in as they do everywhere else. Make a client for this service there, with this address to return to:`}</p>
        <Copied text={identity.redirect_uri} label={t`Copy address`} />
        <ProviderForm identity={identity} onSaved={put} onRemoved={() => void reload()} />
      </section>
      <SecondFactor identity={identity} onSaved={put} />
      {identity.provider !== null && (
        <section className="settings__part" aria-labelledby="identity-link">
          <h2 id="identity-link">{t`Link for your people`}</h2>
          <p className="muted">{t`Whoever opens it signs in through your provider. Put it where your people look for their applications.`}</p>
          <Copied text={identity.sign_in_link} label={t`Copy link`} />
        </section>
      )}
      <ScimSection identity={identity} onSaved={put} onChanged={reload} />
    </div>
  );
}

function SecondFactor({
  identity,
  onSaved,
}: {
  readonly identity: Identity;
  readonly onSaved: (identity: Identity) => void;
}) {
  const { t } = useLingui();
  const save = useAction(async (required: boolean) =>
    onSaved(await api.put<Identity>("/identity/second-factor", { required })),
  );
  return (
    <section className="settings__part" aria-labelledby="identity-factor">
      <h2 id="identity-factor">{t`Second factor`}</h2>
      <Switch
        isSelected={identity.second_factor}
        onChange={(required) => void save.run(required)}
        isDisabled={save.pending}
        hint={t`Who has none adds one at the next sign-in and can do nothing else before, and so does who is signed in now. Whoever comes from the provider is free of it if the provider says that it asked for two factors.`}
      >
        {t`Everybody needs a passkey beside the password`}
      </Switch>
      {save.error !== null && <Note tone="danger">{save.error}</Note>}
    </section>
  );
}

function Copied({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <>
      <code className="link-box">{text}</code>
      <div className="form__actions">
        <CopyButton text={text}>{label}</CopyButton>
      </div>
    </>
  );
}
