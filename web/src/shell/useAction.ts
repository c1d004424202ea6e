import { useLingui } from "@lingui/react/macro";
import { useCallback, useState } from "react";
import { errorText } from "../i18n/errors.ts";
import { heedRefusal } from "./session.ts";

interface Action<Arguments extends readonly unknown[]> {
  readonly run: (...given: Arguments) => Promise<boolean>;
  readonly pending: boolean;
  /** What the last run failed with, worded; null while none has. */
  readonly error: string | null;
  readonly clear: () => void;
}

/** An act of a person that asks the server: runs once at a time and keeps its error for the form that asked. */
export function useAction<Arguments extends readonly unknown[]>(
  act: (...given: Arguments) => Promise<unknown>,
): Action<Arguments> {
  const { i18n } = useLingui();
  const [pending, setPending] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const run = async (...given: Arguments): Promise<boolean> => {
    if (pending) return false;
    setPending(true);
    setFailed(null);
    try {
      await act(...given);
      return true;
    } catch (error) {
      heedRefusal(error);
      setFailed(error);
      return false;
    } finally {
      setPending(false);
    }
  };
  const clear = useCallback(() => setFailed(null), []);
  return { run, pending, error: failed === null ? null : errorText(i18n, failed), clear };
}
