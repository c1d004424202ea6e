import { useLingui } from "@lingui/react/macro";
import { CalendarDays, ChevronLeft, ChevronRight } from "lucide-react";
import { Button } from "react-aria-components/Button";
import {
  Calendar,
  CalendarCell,
  CalendarGrid,
  CalendarGridBody,
  CalendarGridHeader,
  CalendarHeaderCell,
} from "react-aria-components/Calendar";
import { DateInput, DateSegment } from "react-aria-components/DateField";
import { DatePicker, type DatePickerProps, type DateValue } from "react-aria-components/DatePicker";
import { Dialog } from "react-aria-components/Dialog";
import { FieldError } from "react-aria-components/FieldError";
import { Group } from "react-aria-components/Group";
import { Heading } from "react-aria-components/Heading";
import { Label } from "react-aria-components/Label";
import { Popover } from "react-aria-components/Popover";
import { IconButton } from "./Button.tsx";
import "./Field.css";
import "./Menu.css";

interface DateFieldProps<T extends DateValue>
  extends Pick<
    DatePickerProps<T>,
    "value" | "onChange" | "minValue" | "granularity" | "hideTimeZone" | "isRequired"
  > {
  readonly label: string;
  readonly error?: string | undefined;
}

/** A date (and time, by `granularity`), typed part by part or picked from a calendar, in the language's own order. */
export function DateField<T extends DateValue>({ label, error, ...rest }: DateFieldProps<T>) {
  const { t } = useLingui();
  return (
    <DatePicker
      {...rest}
      className="field"
      {...(error === undefined ? {} : { isInvalid: true })}
      shouldForceLeadingZeros={false}
    >
      <Label className="field__label">{label}</Label>
      <Group className="field__control field__group">
        <DateInput className="field__segments">
          {(segment) => <DateSegment segment={segment} className="field__segment" />}
        </DateInput>
        <Button className="field__open">
          <CalendarDays size={16} aria-hidden="true" />
        </Button>
      </Group>
      <FieldError className="field__error">{error}</FieldError>
      <Popover className="popover">
        <Dialog className="calendar" aria-label={t`Choose a day`}>
          <Calendar>
            <header className="calendar__head">
              <IconButton
                slot="previous"
                label={t`Previous month`}
                icon={<ChevronLeft size={20} aria-hidden="true" />}
              />
              <Heading level={2} />
              <IconButton
                slot="next"
                label={t`Next month`}
                icon={<ChevronRight size={20} aria-hidden="true" />}
              />
            </header>
            <CalendarGrid weekdayStyle="short">
              <CalendarGridHeader>
                {(day) => <CalendarHeaderCell className="calendar__weekday">{day}</CalendarHeaderCell>}
              </CalendarGridHeader>
              <CalendarGridBody>
                {(date) => <CalendarCell className="calendar__day" date={date} />}
              </CalendarGridBody>
            </CalendarGrid>
          </Calendar>
        </Dialog>
      </Popover>
    </DatePicker>
  );
}
