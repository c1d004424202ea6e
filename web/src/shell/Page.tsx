import { type ReactNode, useEffect, useRef } from "react";
import { brand } from "./branding.ts";
import "./Page.css";

interface PageProps {
  readonly title: string;
  /** Beside the title: the page's main act. */
  readonly actions?: ReactNode;
  /** The title is said, not shown: the page has a better head. */
  readonly hideTitle?: boolean;
  readonly width?: "page" | "wide" | "reading" | "form";
  readonly children: ReactNode;
}

/** A page inside the frame: its title names the document, and takes the focus so that a screen reader says where one is. */
export function Page({ title, actions, hideTitle = false, width = "page", children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useDocumentTitle(title);
  useEffect(() => {
    // Whoever already works in the page (a dialog, a field with autofocus) keeps the focus.
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className="page" data-width={width}>
      <div className={hideTitle ? "visually-hidden" : "page__head"}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions !== undefined && <div className="page__actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

/** "Title · Brand" in the browser's tab. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${brand().name}`;
  }, [title]);
}
