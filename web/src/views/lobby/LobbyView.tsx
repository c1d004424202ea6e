import { useLingui } from "@lingui/react/macro";
import type { Call } from "../../call/call.ts";
import { useDevices } from "../../call/hooks.ts";
import { BareFrame } from "../../shell/Frame.tsx";
import { Button } from "../../ui/Button.tsx";
import { Preview } from "../join/Preview.tsx";
import "../join/join.css";
import { DevicePickers } from "../join/DevicePickers.tsx";

interface LobbyViewProps {
  readonly call: Call;
  readonly title: string;
}

/** Waiting to be let in: who one is and how one looks, and nothing of the meeting but its title. */
export function LobbyView({ call, title }: LobbyViewProps) {
  const { t } = useLingui();
  const { preferences } = useDevices(call);
  return (
    <BareFrame>
      <div className="check">
        <Preview call={call} name={preferences.name} />
        <div className="check__form form">
          <div role="status">
            <h1>{title}</h1>
            <p className="muted">{t`Please wait, the host will let you in soon.`}</p>
          </div>
          <DevicePickers call={call} />
          <Button wide onPress={() => void call.leave()}>
            {t`Leave`}
          </Button>
        </div>
      </div>
    </BareFrame>
  );
}
