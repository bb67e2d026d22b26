import { useRef, useState } from "preact/hooks";
import { Icon } from "../../kit/Icon";
import type { Expects } from "../../kit/message";
import { usePanel } from "../context";
import { MAX_TEXT_LENGTH } from "../protocol";
import type { Thread } from "../state/thread";
import { useFieldFocus } from "./focus";

/** Remaining characters below which their number is shown. */
const SHOW_REMAINING_BELOW = 200;

/** Attributes of single-line fields. */
const SINGLE_LINE = {
  identifier: { inputMode: "email", autocomplete: "email", autocapitalize: "off", spellcheck: false },
  amount: { inputMode: "decimal", autocomplete: "off", autocapitalize: "off", spellcheck: false },
} as const;

/** A text area that Enter sends, or a single-line field for an identifier or an amount. */
export function TextField({ thread, expects }: { thread: Thread; expects: Expects | null }) {
  const { words, chat } = usePanel();
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement & HTMLInputElement>(null);
  const kind = expects === "identifier" || expects === "amount" ? expects : "text";
  const remaining = MAX_TEXT_LENGTH - text.length;
  useFieldFocus(field, expects);
  const submit = (event: Event) => {
    event.preventDefault();
    const trimmed = text.trim();
    if (!trimmed) return;
    chat.sendText(thread.key, trimmed);
    setText("");
    field.current?.focus();
  };
  const attributes = {
    class: "field",
    id: "say",
    value: text,
    maxLength: MAX_TEXT_LENGTH,
    placeholder: words(`write-${kind}`),
    "aria-describedby": thread.notice ? "notice" : undefined,
    onInput: (event: Event) => {
      setText((event.target as HTMLInputElement).value);
      chat.sendTyping(thread.key);
    },
  };
  return (
    <form class="write" onSubmit={submit} autocomplete="on">
      <label class="unseen" for="say">
        {words(`field-${kind}`)}
      </label>
      {kind === "text" ? (
        <textarea
          {...attributes}
          ref={field}
          rows={1}
          enterkeyhint="send"
          dir="auto"
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
          }}
        />
      ) : (
        <input {...attributes} {...SINGLE_LINE[kind]} key={kind} ref={field} type="text" name={kind} enterkeyhint="send" />
      )}
      <button type="submit" class="send" aria-label={words("send")} title={words("send")} aria-disabled={text.trim() === ""}>
        <Icon name="send" />
      </button>
      {remaining < SHOW_REMAINING_BELOW && <p class="quiet-text left">{words("characters-left", { count: remaining })}</p>}
    </form>
  );
}
