import { useEffect, useRef, useState } from "preact/hooks";
import { usePanel } from "../context";
import { CODE_LENGTH } from "../protocol";
import { extractDigits } from "./digits";
import { useFieldFocus } from "./focus";

interface CodeFieldProps {
  /** Whether a code is being checked. */
  readonly busy: boolean;
  /** Called when all digits are there. */
  readonly onComplete: (digits: string) => void;
  /** Called when the customer prefers to write a text. */
  readonly onWriteInstead: () => void;
}

/** A field for a one-time code: one input drawn as six boxes, so that pasting, autofill and screen readers work as usual. */
export function CodeField({ busy, onComplete, onWriteInstead }: CodeFieldProps) {
  const { words } = usePanel();
  const [digits, setDigits] = useState("");
  const [focused, setFocused] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useFieldFocus(field, "code");
  useEffect(() => {
    if (!busy) setDigits("");
  }, [busy]);
  const onInput = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const entered = extractDigits(input.value, CODE_LENGTH);
    input.value = entered;
    setDigits(entered);
    if (entered.length === CODE_LENGTH && entered !== digits && !busy) onComplete(entered);
  };
  const nextBox = Math.min(digits.length, CODE_LENGTH - 1);
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
          onInput={onInput}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onSelect={moveCaretToEnd}
        />
        {Array.from({ length: CODE_LENGTH }, (_, index) => (
          <span key={index} class={index === nextBox ? "box next" : "box"} aria-hidden="true">
            {digits[index] ?? ""}
          </span>
        ))}
      </div>
      <p class="quiet-text" id="code-hint">
        {words("code-hint")}
      </p>
      <button type="button" class="link-button" onClick={onWriteInstead}>
        {words("write-instead")}
      </button>
    </div>
  );
}

/** Digits are added at the end only, since the boxes show the caret there. A selection is left alone. */
function moveCaretToEnd(event: Event): void {
  const input = event.target as HTMLInputElement;
  const end = input.value.length;
  if (input.selectionStart === input.selectionEnd && input.selectionEnd !== end) input.setSelectionRange(end, end);
}
