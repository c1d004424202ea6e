import { useLingui } from "@lingui/react/macro";
import { brand } from "../../shell/branding.ts";
import { Page } from "../../shell/Page.tsx";
import { loadSession, useSession } from "../../shell/session.ts";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Actions } from "./Actions.tsx";
import { Clock } from "./Clock.tsx";
import { GuestHome } from "./GuestHome.tsx";
import "./home.css";
import { PhoneCode } from "./PhoneCode.tsx";
import { Today } from "./Today.tsx";

/** The start: four large actions, the clock, and what the day holds. */
export default function HomeView() {
  const { t } = useLingui();
  const session = useSession();
  if (session.state === "error") {
    return (
      <ErrorPanel
        error={session.error}
        title={t`${brand().name} could not be reached`}
        onRetry={() => void loadSession()}
        level={1}
      />
    );
  }
  return (
    <Page title={t`Home`} hideTitle>
      {session.state === "loading" && <HomeSkeleton />}
      {session.state === "signed-out" && <GuestHome />}
      {session.state === "signed-in" && (
        <div className="home">
          <Actions me={session.me} />
          <div className="home__day">
            <Clock />
            <Today me={session.me} />
            <PhoneCode />
          </div>
        </div>
      )}
    </Page>
  );
}

function HomeSkeleton() {
  return (
    <div className="home" aria-hidden="true">
      <div className="actions">
        {["a", "b", "c", "d"].map((place) => (
          <div className="action" key={place}>
            <Skeleton shape="block" width="var(--action-tile)" />
            <Skeleton width="60%" />
          </div>
        ))}
      </div>
      <div className="home__day">
        <Skeleton shape="block" />
        <Skeleton shape="block" />
      </div>
    </div>
  );
}
