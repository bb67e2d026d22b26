/** Six boxes to the eye, one field to the machine: pasting, autofill, deleting and screen readers just work. */

import { useEffect, useRef, useState } from "preact/hooks";
import { CODE_DIGITS } from "../protocol";
import { useTools } from "../tools";
import { useFocusWhenAsked } from "./focus";

interface Props {
  /** The last code is being checked. */
  readonly busy: boolean;
  readonly onFull: (digits: string) => void;
  /** The customer wants to write words instead. */
  readonly onWrite: () => void;
}

export function CodeField({ busy, onFull, onWrite }: Props) {
  const { words } = useTools();
  const [digits, setDigits] = useState("");
  const [focused, setFocused] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useFocusWhenAsked(field, "code");
  useEffect(() => {
    if (!busy) setDigits("");
  }, [busy]);
  const take = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const typed = onlyDigits(input.value);
    input.value = typed;
    setDigits(typed);
    if (typed.length === CODE_DIGITS && typed !== digits && !busy) onFull(typed);
  };
  return (
    <div class="code-area">
      <label for="code" class="code-label">
        {words("field-code")}
      </label>
      <div class={focused ? "code focused" : "code"} dir="ltr">
        <input
          id="code"
          ref={field}
          class="code-input"
          type="text"
          name="code"
          inputMode="numeric"
          autocomplete="one-time-code"
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="done"
          value={digits}
          readOnly={busy}
          aria-describedby="code-hint"
          onInput={take}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onSelect={toEnd}
        />
        {Array.from({ length: CODE_DIGITS }, (_, at) => (
          <span key={at} class={at === Math.min(digits.length, CODE_DIGITS - 1) ? "box next" : "box"} aria-hidden="true">
            {digits[at] ?? ""}
          </span>
        ))}
      </div>
      <p class="quiet-text" id="code-hint">
        {words("code-hint")}
      </p>
      <button type="button" class="link-button" onClick={onWrite}>
        {words("write-instead")}
      </button>
    </div>
  );
}

/** The caret stays behind the last digit, where the boxes say it is. */
function toEnd(event: Event): void {
  const input = event.target as HTMLInputElement;
  const end = input.value.length;
  if (input.selectionStart === input.selectionEnd && input.selectionEnd !== end) input.setSelectionRange(end, end);
}

/** The digits of what was typed or pasted, of any script, as 0–9, at most a code's worth. */
export function onlyDigits(typed: string): string {
  const digits = Array.from(typed.normalize("NFKC")).map((each) => (/\p{Nd}/u.test(each) ? digitOf(each) : ""));
  return digits.join("").slice(0, CODE_DIGITS);
}

/** Decimal digits stand in runs of ten in Unicode, each beginning at a multiple of ten from its zero. */
function digitOf(digit: string): string {
  let value = 0;
  for (let code = digit.codePointAt(0)! - 1; value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code)); code--) value++;
  return String(value);
}
