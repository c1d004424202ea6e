import { useLingui } from "@lingui/react/macro";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Button, IconButton } from "./Button.tsx";
import "./Dialog.css";
import { TextField } from "./TextField.tsx";

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly size?: "medium" | "wide";
  /** `alertdialog` for what must be answered. */
  readonly role?: "dialog" | "alertdialog";
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A dialog over the page; Escape, the cross and a press outside close it. */
export function Dialog({
  title,
  isOpen,
  onClose,
  size = "medium",
  role = "dialog",
  actions,
  children,
}: DialogProps) {
  const { t } = useLingui();
  return (
    <ModalOverlay
      className="dialog__backdrop"
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={role === "dialog"}
    >
      <Modal className="dialog__frame" data-size={size}>
        <AriaDialog className="dialog" role={role}>
          <div className="dialog__head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton
              label={t`Close`}
              icon={<X size={20} aria-hidden="true" />}
              size="small"
              onPress={onClose}
            />
          </div>
          <div className="dialog__body">{children}</div>
          {actions !== undefined && <div className="dialog__actions">{actions}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmDialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** What will happen, in a sentence. */
  readonly children: ReactNode;
  /** The verb of the act, as "Delete meeting". */
  readonly action: string;
  readonly onConfirm: () => Promise<unknown> | undefined;
  readonly tone?: "primary" | "danger";
  /** Given, the act waits until this was typed: for what cannot be undone. */
  readonly typeToConfirm?: string;
}

/** Asks before an act, names its consequence, and stays open with its error when the act fails. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, isOpen, onClose, children, action, onConfirm, tone = "danger", typeToConfirm } = props;
  const { t } = useLingui();
  const [typed, setTyped] = useState("");
  const [pending, setPending] = useState(false);
  const confirm = async () => {
    setPending(true);
    try {
      await onConfirm();
    } finally {
      setPending(false);
      setTyped("");
    }
  };
  const blocked = typeToConfirm !== undefined && typed.trim() !== typeToConfirm.trim();
  return (
    <Dialog
      title={title}
      isOpen={isOpen}
      onClose={onClose}
      role="alertdialog"
      actions={
        <>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button variant={tone} isPending={pending} isDisabled={blocked} onPress={confirm}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      {typeToConfirm !== undefined && (
        <TextField
          label={t`Type “${typeToConfirm}” to confirm`}
          value={typed}
          onChange={setTyped}
          autoComplete="off"
        />
      )}
    </Dialog>
  );
}
