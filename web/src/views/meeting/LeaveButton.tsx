import { useLingui } from "@lingui/react/macro";
import { PhoneOff } from "lucide-react";
import { useState } from "react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { mayHost, me } from "../../call/state.ts";
import { Button } from "../../ui/Button.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { Select } from "../../ui/Select.tsx";
import { ToolbarButton } from "./ToolbarButton.tsx";

/** Red, at the end. Hosts are asked what they mean; the others go. */
export function LeaveButton({ call, meeting }: { readonly call: Call; readonly meeting: State }) {
  const { t } = useLingui();
  const icon = <PhoneOff size={20} aria-hidden="true" />;
  if (!mayHost(meeting)) {
    return <ToolbarButton label={t`Leave`} icon={icon} tone="danger" onPress={() => void call.leave()} />;
  }
  return (
    <Popover
      label={t`Leave the meeting`}
      placement="top end"
      trigger={<ToolbarButton label={t`Leave`} icon={icon} tone="danger" />}
    >
      <HostLeaves call={call} meeting={meeting} />
    </Popover>
  );
}

function HostLeaves({ call, meeting }: { readonly call: Call; readonly meeting: State }) {
  const { t } = useLingui();
  const [successor, setSuccessor] = useState("");
  const others = meeting.participants.filter(({ id }) => id !== meeting.you);
  const owner = me(meeting)?.role === "host";
  return (
    <div className="form">
      {owner && (
        <Button variant="danger" wide onPress={() => call.endForAll()}>
          {t`End meeting for all`}
        </Button>
      )}
      <Button wide onPress={() => void call.leave(successor === "" ? null : successor)}>
        {t`Leave`}
      </Button>
      {owner && others.length > 0 && (
        <Select
          label={t`When you leave, the host is`}
          options={[
            { id: "", label: t`Nobody until you are back` },
            ...others.map(({ id, name }) => ({ id, label: name })),
          ]}
          value={successor}
          onChange={setSuccessor}
        />
      )}
    </div>
  );
}
