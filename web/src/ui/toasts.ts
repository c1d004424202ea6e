/** The queue of notices, outside React so that a call can put one there. */

export interface ToastAction {
  readonly label: string;
  readonly onPress: () => void;
}

export interface Toast {
  /** A toast with the same key replaces the older one: the lobby's count grows in place. */
  readonly key: string;
  /** One line. */
  readonly text: string;
  readonly tone: "plain" | "success" | "warning" | "danger";
  readonly actions: readonly ToastAction[];
  /** After how many ms it goes by itself; null stays until it is closed or acted on. */
  readonly timeoutMs: number | null;
}

/** Long enough to read one line twice; WCAG 2.2.1 is met because hover and focus hold it. */
const TIMEOUT_MS = 6000;
/** More at once would cover the picture. */
const SHOWN = 3;

type Listener = () => void;

class Toasts {
  #list: readonly Toast[] = [];
  #listeners = new Set<Listener>();
  #counter = 0;

  /** Shows a notice and returns its key. A notice with actions stays unless `timeoutMs` is given. */
  show(text: string, options: Partial<Omit<Toast, "text">> = {}): string {
    this.#counter += 1;
    const actions = options.actions ?? [];
    const toast: Toast = {
      key: options.key ?? `toast-${this.#counter}`,
      text,
      tone: options.tone ?? "plain",
      actions,
      timeoutMs:
        options.timeoutMs === undefined ? (actions.length > 0 ? null : TIMEOUT_MS) : options.timeoutMs,
    };
    const replaced = this.#list.some((other) => other.key === toast.key);
    this.#set(
      replaced
        ? this.#list.map((other) => (other.key === toast.key ? toast : other))
        : [...this.#list, toast].slice(-SHOWN),
    );
    return toast.key;
  }

  close(key: string): void {
    this.#set(this.#list.filter((toast) => toast.key !== key));
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): readonly Toast[] => this.#list;

  #set(list: readonly Toast[]): void {
    this.#list = list;
    for (const listener of this.#listeners) listener();
  }
}

export const toasts = new Toasts();
