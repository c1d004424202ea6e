import { useLingui } from "@lingui/react/macro";
import { LogIn, Plus } from "lucide-react";
import { go } from "../../shell/navigation.ts";
import { Button } from "../../ui/Button.tsx";
import { Clock } from "./Clock.tsx";
import { PhoneCode } from "./PhoneCode.tsx";

/** Home for somebody who is not signed in: join, or sign in. */
export function GuestHome() {
  const { t } = useLingui();
  return (
    <div className="home home--guest">
      <Clock />
      <div className="home__guest">
        <Button
          variant="primary"
          size="large"
          wide
          icon={<Plus size={24} aria-hidden="true" />}
          onPress={() => go("/join")}
        >
          {t`Join`}
        </Button>
        <Button
          size="large"
          wide
          icon={<LogIn size={24} aria-hidden="true" />}
          onPress={() => go("/sign-in")}
        >
          {t`Sign in`}
        </Button>
        <p className="muted small">{t`To join a meeting you need no account: its link or number is enough. Sign in to start or schedule meetings of your own.`}</p>
      </div>
      <PhoneCode />
    </div>
  );
}
