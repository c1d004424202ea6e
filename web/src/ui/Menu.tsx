import { Check } from "lucide-react";
import type { ComponentProps, ReactElement, ReactNode } from "react";
import { Header } from "react-aria-components/Header";
import { Keyboard } from "react-aria-components/Keyboard";
import {
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuSection as AriaMenuSection,
  MenuTrigger,
} from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Separator } from "react-aria-components/Separator";
import { Text } from "react-aria-components/Text";
import "./Kbd.css";
import "./Menu.css";

interface MenuProps {
  /** The button that opens it; it must be a `Button`, an `IconButton` or another pressable. */
  readonly trigger: ReactElement;
  /** The menu's accessible name. */
  readonly label: string;
  readonly placement?: ComponentProps<typeof Popover>["placement"];
  readonly children: ReactNode;
}

/** A menu below (or above) the button that opens it. */
export function Menu({ trigger, label, placement = "bottom start", children }: MenuProps) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className="popover popover--menu" placement={placement}>
        <AriaMenu className="menu" aria-label={label}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

interface MenuItemProps {
  readonly id?: string;
  readonly children: string;
  readonly hint?: string;
  readonly icon?: ReactNode;
  /** A shortcut to the same act. */
  readonly keys?: string;
  readonly tone?: "plain" | "danger";
  readonly isDisabled?: boolean;
  readonly href?: string;
  readonly onAction?: () => void;
}

/** One act, with its words: no icon alone carries meaning in a menu. Inside a `MenuSection` that selects, it shows a check. */
export function MenuItem({ children, hint, icon, keys, tone = "plain", ...rest }: MenuItemProps) {
  return (
    <AriaMenuItem {...rest} className="menu__item" data-tone={tone} textValue={children}>
      {({ isSelected, selectionMode }) => (
        <>
          {(icon !== undefined || selectionMode !== "none") && (
            <span className="menu__mark" aria-hidden="true">
              {selectionMode === "none" ? icon : isSelected && <Check size={16} />}
            </span>
          )}
          <span className="menu__words">
            <Text slot="label">{children}</Text>
            {hint !== undefined && (
              <Text slot="description" className="menu__hint">
                {hint}
              </Text>
            )}
          </span>
          {keys !== undefined && <Keyboard className="kbd">{keys}</Keyboard>}
        </>
      )}
    </AriaMenuItem>
  );
}

interface MenuSectionProps {
  readonly title: string;
  /** Given, the section picks one of its items (or several with `many`). */
  readonly selected?: readonly string[];
  readonly many?: boolean;
  readonly onSelect?: (ids: readonly string[]) => void;
  readonly children: ReactNode;
}

/** Items under a title; with `selected` they are a choice. */
export function MenuSection({ title, selected, many = false, onSelect, children }: MenuSectionProps) {
  const choice =
    selected === undefined
      ? {}
      : {
          selectionMode: many ? ("multiple" as const) : ("single" as const),
          selectedKeys: selected,
          disallowEmptySelection: !many,
          onSelectionChange: (keys: "all" | Set<string | number>) =>
            keys !== "all" && onSelect?.([...keys].map(String)),
        };
  return (
    <AriaMenuSection {...choice}>
      <Header className="menu__title">{title}</Header>
      {children}
    </AriaMenuSection>
  );
}

export function MenuLine() {
  return <Separator className="menu__line" />;
}
