import { useLingui } from "@lingui/react/macro";
import { Dialog } from "../../ui/Dialog.tsx";
import { ShortcutList } from "./ShortcutList.tsx";

/** All keys at a glance. */
export default function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  return (
    <Dialog title={t`Keyboard shortcuts`} isOpen onClose={onClose}>
      <ShortcutList />
    </Dialog>
  );
}
