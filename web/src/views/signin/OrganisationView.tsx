import { useLingui } from "@lingui/react/macro";
import { useEffect, useRef } from "react";
import { go } from "../../shell/navigation.ts";
import { useDocumentTitle } from "../../shell/Page.tsx";
import { setMe } from "../../shell/session.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Note } from "../../ui/Note.tsx";
import { nextAfterProvider, returnFromProvider } from "./organisation.ts";
import "./signin.css";

/** Where the provider of one's organisation sends the browser back to. */
export default function OrganisationView() {
  const { t } = useLingui();
  useDocumentTitle(t`Sign in`);
  const begun = useRef(false);
  const finish = useAction(async () => {
    const { search, pathname } = location;
    // The code is good once, and nobody's to read over a shoulder or in the history.
    history.replaceState(null, "", pathname);
    setMe(await returnFromProvider(search));
    go(nextAfterProvider(), { replace: true });
  });
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    void finish.run();
  }, [finish.run]);
  return (
    <div className="entry" aria-busy={finish.error === null}>
      <h1>{t`Sign in`}</h1>
      {finish.error === null ? (
        <p className="muted">{t`Your organisation has answered. One moment…`}</p>
      ) : (
        <>
          <Note tone="danger">{finish.error}</Note>
          <Button variant="primary" wide onPress={() => go("/sign-in", { replace: true })}>
            {t`Back to signing in`}
          </Button>
        </>
      )}
    </div>
  );
}
