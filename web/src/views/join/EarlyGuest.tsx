import { useLingui } from "@lingui/react/macro";
import { useEffect, useEffectEvent } from "react";
import { ApiError } from "../../api/http.ts";
import type { Call } from "../../call/call.ts";
import { SignallingError } from "../../call/signalling.ts";
import { Button } from "../../ui/Button.tsx";
import { DevicePickers } from "./DevicePickers.tsx";

/** Asked more often, a thousand early guests would be a load; more seldom, the host would sit there alone. */
const ASK_EVERY_MS = 5000;
/** Share of a wait that is random, so that those who came together do not ask together. */
const JITTER = 0.3;

interface EarlyGuestProps {
  readonly call: Call;
  readonly ask: () => Promise<string>;
  readonly onTicket: (ticket: string) => void;
  readonly onRefused: (error: unknown) => void;
  readonly onStop: () => void;
}

/** Before the host has begun: asks again now and then, and goes in by itself. */
export function EarlyGuest({ call, ask, onTicket, onRefused, onStop }: EarlyGuestProps) {
  const { t } = useLingui();
  const knock = useEffectEvent(ask);
  const enter = useEffectEvent(onTicket);
  const refuse = useEffectEvent(onRefused);
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      timer = setTimeout(() => void askAgain(), ASK_EVERY_MS * (1 - JITTER * Math.random()));
    };
    const askAgain = async (): Promise<void> => {
      try {
        const ticket = await knock();
        if (!gone) enter(ticket);
      } catch (error) {
        if (gone) return;
        if (isEarly(error) || isPassing(error)) wait();
        else refuse(error);
      }
    };
    wait();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);
  return (
    <div className="check__form form">
      <div role="status">
        <h2>{t`The meeting has not started yet`}</h2>
        <p className="muted">{t`You come in by yourself as soon as the host starts it. Keep this page open.`}</p>
      </div>
      <DevicePickers call={call} />
      <Button wide onPress={onStop}>
        {t`Stop waiting`}
      </Button>
    </div>
  );
}

/** Refused only because the host is not there yet. */
export function isEarly(error: unknown): boolean {
  return (error instanceof ApiError || error instanceof SignallingError) && error.code === "not_started";
}

/** A network or a server that is away for a moment is no reason to give up. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}
