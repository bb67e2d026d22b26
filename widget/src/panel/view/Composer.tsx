/** Where the customer answers. What the service expects decides the field. */

import { useEffect, useRef, useState } from "preact/hooks";
import { type Expects, LONGEST_TEXT } from "../protocol";
import type { Thread } from "../state";
import { useTools } from "../tools";
import { CodeField } from "./CodeField";
import { useFocusWhenAsked } from "./focus";
import { Icon } from "../../kit/Icon";

/** Characters left below which the count is shown. */
const COUNT_FROM = 200;

const FIELDS = {
  identifier: { inputMode: "email", autocomplete: "email", autocapitalize: "off", spellcheck: false },
  amount: { inputMode: "decimal", autocomplete: "off", autocapitalize: "off", spellcheck: false },
} as const;

export function Composer({ thread, expects }: { thread: Thread; expects: Expects | null }) {
  const { words, chat } = useTools();
  const [writing, setWriting] = useState(false);
  const answering = thread.sends.some((send) => send.state === "sending");
  useEffect(() => {
    if (!answering) setWriting(false);
  }, [expects, answering]);
  const asksCode = expects === "code" && !writing;
  return (
    <div class="composer" data-expects={expects ?? "text"}>
      {thread.notice && (
        <p class="notice" id="notice">
          {thread.notice}
        </p>
      )}
      {asksCode ? (
        <CodeField
          busy={answering}
          onFull={(digits) => chat.say(thread.key, digits, "code")}
          onWrite={() => setWriting(true)}
        />
      ) : (
        <>
          <TextField thread={thread} expects={expects === "code" ? null : expects} />
          {expects === "code" && (
            <button type="button" class="link-button" onClick={() => setWriting(false)}>
              {words("enter-code")}
            </button>
          )}
        </>
      )}
    </div>
  );
}

function TextField({ thread, expects }: { thread: Thread; expects: Expects | null }) {
  const { words, chat } = useTools();
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement & HTMLInputElement>(null);
  const kind = expects === "identifier" || expects === "amount" ? expects : "text";
  const left = LONGEST_TEXT - text.length;
  useFocusWhenAsked(field, expects);
  const submit = (event: Event) => {
    event.preventDefault();
    const said = text.trim();
    if (!said) return;
    chat.say(thread.key, said);
    setText("");
    field.current?.focus();
  };
  const shared = {
    class: "field",
    id: "say",
    value: text,
    maxLength: LONGEST_TEXT,
    placeholder: words(`write-${kind}`),
    "aria-describedby": thread.notice ? "notice" : undefined,
    onInput: (event: Event) => {
      setText((event.target as HTMLInputElement).value);
      chat.typing(thread.key);
    },
  };
  return (
    <form class="write" onSubmit={submit} autocomplete="on">
      <label class="unseen" for="say">
        {words(`field-${kind}`)}
      </label>
      {kind === "text" ? (
        <textarea
          {...shared}
          ref={field}
          rows={1}
          enterkeyhint="send"
          dir="auto"
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
          }}
        />
      ) : (
        <input {...shared} {...FIELDS[kind]} key={kind} ref={field} type="text" name={kind} enterkeyhint="send" />
      )}
      <button type="submit" class="send" aria-label={words("send")} title={words("send")} aria-disabled={text.trim() === ""}>
        <Icon name="send" />
      </button>
      {left < COUNT_FROM && <p class="quiet-text left">{words("characters-left", { count: left })}</p>}
    </form>
  );
}
