import { useLingui } from "@lingui/react/macro";
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, type ButtonSize, type ButtonVariant } from "./Button.tsx";
import { copyText } from "./clipboard.ts";

interface CopyButtonProps {
  readonly text: string;
  /** As "Copy link". */
  readonly children: string;
  readonly variant?: ButtonVariant;
  readonly size?: ButtonSize;
}

/** Long enough to be seen, short enough to copy again. */
const SHOWN_MS = 2000;

/** Copies, and shows for a moment that it did. */
export function CopyButton({ text, children, ...look }: CopyButtonProps) {
  const { t } = useLingui();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      {...look}
      icon={copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
      onPress={async () => {
        await copyText(text);
        setCopied(true);
      }}
    >
      <span aria-live="polite">{copied ? t`Copied` : children}</span>
    </Button>
  );
}
