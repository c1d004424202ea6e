import { useLingui } from "@lingui/react/macro";
import { CalendarPlus, ChevronLeft, Rss } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Me, MeetingObject } from "../../api/types.ts";
import { currentPath, go } from "../../shell/navigation.ts";
import { Page } from "../../shell/Page.tsx";
import type { ViewProps } from "../../shell/routes.ts";
import { loadSession, useSession } from "../../shell/session.ts";
import { usePages } from "../../shell/usePages.ts";
import { Button, ButtonLink } from "../../ui/Button.tsx";
import { ErrorPanel } from "../../ui/ErrorPanel.tsx";
import { Tabs } from "../../ui/Tabs.tsx";
import { MeetingDetails } from "./MeetingDetails.tsx";
import { MeetingList } from "./MeetingList.tsx";
import "./meetings.css";
import { SubscribeDialog } from "./SubscribeDialog.tsx";

// The form brings calendars and time zones with it, which the list does not need.
const ScheduleDialog = lazy(() => import("./ScheduleDialog.tsx"));

/** One's meetings on the left, the chosen one on the right; on a phone one after the other. */
export default function MeetingsView({ parameters }: ViewProps) {
  const { t } = useLingui();
  const session = useSession();
  if (session.state === "error") {
    return (
      <ErrorPanel
        error={session.error}
        title={t`Your meetings could not be loaded`}
        onRetry={() => void loadSession()}
        level={1}
      />
    );
  }
  return session.state === "signed-in" ? <Meetings me={session.me} id={parameters["id"] ?? null} /> : null;
}

type When = "upcoming" | "previous";

function Meetings({ me, id }: { readonly me: Me; readonly id: string | null }) {
  const { t } = useLingui();
  const [when, setWhen] = useState<When>("upcoming");
  const upcoming = usePages<MeetingObject>("/meetings", { when: "upcoming" });
  const previous = usePages<MeetingObject>("/meetings", { when: "previous" });
  const [scheduling, setScheduling] = useState(() => new URLSearchParams(location.search).has("schedule"));
  const [subscribing, setSubscribing] = useState(false);
  const closeForm = () => {
    setScheduling(false);
    if (currentPath().includes("?")) go("/meetings", { replace: true });
  };
  const reload = () => {
    void upcoming.reload();
    void previous.reload();
  };
  const lists = { upcoming, previous } as const;
  return (
    <Page
      title={t`Meetings`}
      actions={
        <>
          <Button icon={<Rss size={16} aria-hidden="true" />} onPress={() => setSubscribing(true)}>
            {t`Subscribe`}
          </Button>
          <Button
            variant="primary"
            icon={<CalendarPlus size={20} aria-hidden="true" />}
            onPress={() => setScheduling(true)}
          >
            {t`Schedule`}
          </Button>
        </>
      }
    >
      <div className="meetings" data-chosen={id !== null || undefined}>
        <div className="meetings__list">
          <Tabs
            label={t`Which meetings`}
            selected={when}
            onSelect={setWhen}
            tabs={(["upcoming", "previous"] as const).map((tab) => ({
              id: tab,
              label: tab === "upcoming" ? t`Upcoming` : t`Previous`,
              content: (
                <MeetingList
                  loaded={lists[tab]}
                  when={tab}
                  chosen={id}
                  onSchedule={() => setScheduling(true)}
                />
              ),
            }))}
          />
        </div>
        <div className="meetings__details">
          {id === null ? (
            <p className="meetings__hint muted">{t`Choose a meeting to see its invitation and settings.`}</p>
          ) : (
            <>
              <div className="meetings__back">
                <ButtonLink
                  href="/meetings"
                  variant="quiet"
                  icon={<ChevronLeft size={20} aria-hidden="true" />}
                >
                  {t`All meetings`}
                </ButtonLink>
              </div>
              <MeetingDetails key={id} me={me} id={id} onChanged={reload} />
            </>
          )}
        </div>
      </div>
      {subscribing && <SubscribeDialog onClose={() => setSubscribing(false)} />}
      {scheduling && (
        <Suspense fallback={null}>
          <ScheduleDialog
            me={me}
            meeting={null}
            onClose={closeForm}
            onSaved={(meeting) => {
              setScheduling(false);
              reload();
              go(`/meetings/${meeting.id}`);
            }}
          />
        </Suspense>
      )}
    </Page>
  );
}
