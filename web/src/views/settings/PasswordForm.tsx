import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { ApiError, api } from "../../api/http.ts";
import type { Me } from "../../api/types.ts";
import { setMe } from "../../shell/session.ts";
import { useAction } from "../../shell/useAction.ts";
import { Button } from "../../ui/Button.tsx";
import { Note } from "../../ui/Note.tsx";
import { TextField } from "../../ui/TextField.tsx";
import { toasts } from "../../ui/toasts.ts";
import { PASSWORD_LENGTH } from "./password.ts";

/** A new password, against the current one. */
export function PasswordForm({ me }: { readonly me: Me }) {
  const { t } = useLingui();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const save = useAction(async () => {
    setMe(await changePassword(current, next));
    setCurrent("");
    setNext("");
    toasts.show(t`Password changed`, { tone: "success" });
  });
  return (
    <Form
      className="form settings__form"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      {/* Password managers file the password under it. */}
      <input type="email" autoComplete="username" value={me.email ?? ""} readOnly hidden />
      {me.has_password && (
        <TextField
          label={t`Current password`}
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={setCurrent}
          isRequired
        />
      )}
      <TextField
        label={t`New password`}
        type="password"
        autoComplete="new-password"
        hint={t`At least ${PASSWORD_LENGTH} characters. A few words that only you put together are good.`}
        value={next}
        onChange={setNext}
        minLength={PASSWORD_LENGTH}
        isRequired
      />
      {save.error !== null && <Note tone="danger">{save.error}</Note>}
      <div className="form__actions">
        <Button type="submit" isPending={save.pending}>
          {me.has_password ? t`Change password` : t`Set password`}
        </Button>
      </div>
    </Form>
  );
}

async function changePassword(current: string, next: string): Promise<Me> {
  try {
    return await api.patch<Me>("/me", { password: { current, new: next } });
  } catch (error) {
    // The same code as at sign-in, but here it can only be about the password.
    if (error instanceof ApiError && error.code === "wrong_credentials") {
      throw new ApiError(error.status, { code: "wrong_password", detail: error.detail });
    }
    throw error;
  }
}
