import { useLingui } from "@lingui/react/macro";
import { Grid2x2, LayoutPanelLeft, Lock, LockOpen, ShieldCheck } from "lucide-react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { spokenNumber } from "../../call/entry.ts";
import { useDevices } from "../../call/hooks.ts";
import { mayHost, sharersOf, shownSharer } from "../../call/state.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Menu, MenuItem, MenuSection } from "../../ui/Menu.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { toggleFullScreen } from "./full-screen.ts";
import type { ScreenControl } from "./useScreen.ts";

interface TopBarProps {
  readonly call: Call;
  readonly meeting: State;
  readonly screen: ScreenControl;
}

/** Which meeting this is, what protects it, and how it is seen. */
export function TopBar({ call, meeting, screen }: TopBarProps) {
  const { t } = useLingui();
  const { title, locked = false, number } = meeting.meeting;
  return (
    <header className="meeting__top">
      <Shield title={title} number={number} />
      <h1 className="meeting__title truncate" dir="auto">
        {title}
      </h1>
      {mayHost(meeting) ? (
        <IconButton
          label={locked ? t`Unlock meeting` : t`Lock meeting`}
          size="small"
          icon={locked ? <Lock size={16} aria-hidden="true" /> : <LockOpen size={16} aria-hidden="true" />}
          onPress={() => call.change({ locked: !locked })}
        />
      ) : (
        locked && (
          <span className="meeting__locked">
            <Lock size={16} role="img" aria-label={t`The meeting is locked`} />
          </span>
        )
      )}
      <span className="meeting__gap" />
      <ViewMenu call={call} meeting={meeting} screen={screen} />
    </header>
  );
}

/** Says honestly what protects the meeting and what does not. */
function Shield({ title, number }: { readonly title: string; readonly number: string }) {
  const { t } = useLingui();
  return (
    <Popover
      label={t`Protection of this meeting`}
      placement="bottom start"
      trigger={
        <IconButton
          label={t`Protection of this meeting`}
          size="small"
          icon={<ShieldCheck className="meeting__shield" size={20} aria-hidden="true" />}
        />
      }
    >
      <div className="shield">
        <h2>{title}</h2>
        <dl>
          <dt>{t`Meeting number`}</dt>
          <dd>{spokenNumber(number)}</dd>
          <dt>{t`Encryption`}</dt>
          <dd>{t`Sound and pictures are encrypted between every participant and this server (DTLS-SRTP).`}</dd>
          <dt>{t`End-to-end`}</dt>
          <dd>{t`No. This server could see and hear the meeting; it does not record it.`}</dd>
          <dt>{t`Where the media is`}</dt>
          <dd>{t`On ${location.host}. It goes to no other place.`}</dd>
        </dl>
      </div>
    </Popover>
  );
}

/** How one sees the meeting; with several shared screens, which of them. */
function ViewMenu({ call, meeting, screen }: TopBarProps) {
  const { t } = useLingui();
  const { preferences } = useDevices(call);
  const sharers = sharersOf(meeting);
  const shown = shownSharer(sharers, screen.sharer);
  return (
    <Menu
      label={t`View options`}
      placement="bottom end"
      trigger={
        <Button
          size="small"
          variant="quiet"
          aria-label={t`View options`}
          icon={
            preferences.view === "gallery" ? (
              <Grid2x2 size={16} aria-hidden="true" />
            ) : (
              <LayoutPanelLeft size={16} aria-hidden="true" />
            )
          }
        >
          {t({ context: "layout", message: "View" })}
        </Button>
      }
    >
      <MenuSection
        title={t({ context: "layout", message: "View" })}
        selected={[preferences.view]}
        onSelect={([view]) => (view === "gallery" || view === "speaker") && call.devices.prefer({ view })}
      >
        <MenuItem id="speaker" keys="Alt+F1">{t`Speaker view`}</MenuItem>
        <MenuItem id="gallery" keys="Alt+F2">{t`Gallery view`}</MenuItem>
      </MenuSection>
      {sharers.length > 1 && shown !== null && (
        <MenuSection
          title={t`Shared screens`}
          selected={[shown]}
          onSelect={([sharer]) => sharer !== undefined && screen.set({ sharer })}
        >
          {sharers.map(({ id, name }) => (
            <MenuItem key={id} id={id}>
              {name}
            </MenuItem>
          ))}
        </MenuSection>
      )}
      <MenuSection
        title={t`Your picture`}
        many
        selected={[...(preferences.hideSelf ? ["hideSelf"] : []), ...(preferences.mirror ? ["mirror"] : [])]}
        onSelect={(ids) =>
          call.devices.prefer({ hideSelf: ids.includes("hideSelf"), mirror: ids.includes("mirror") })
        }
      >
        <MenuItem id="hideSelf">{t`Hide self view`}</MenuItem>
        <MenuItem id="mirror">{t`Mirror my video`}</MenuItem>
      </MenuSection>
      <MenuItem onAction={() => void toggleFullScreen()}>{t`Full screen`}</MenuItem>
    </Menu>
  );
}
