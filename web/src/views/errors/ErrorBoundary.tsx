import { Component, type ReactNode } from "react";
import { BrokenPage } from "./BrokenPage.tsx";

interface Props {
  readonly children: ReactNode;
}

/** Keeps a fault of one screen inside it. */
export class ErrorBoundary extends Component<Props, { readonly error: unknown; readonly failed: boolean }> {
  override state = { error: null as unknown, failed: false };

  static getDerivedStateFromError(error: unknown) {
    return { error, failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <BrokenPage error={this.state.error} /> : this.props.children;
  }
}
