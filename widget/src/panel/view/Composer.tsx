import { useEffect, useState } from "preact/hooks";
import type { Expects } from "../../kit/message";
import { usePanel } from "../context";
import { isSending, type Thread } from "../state/thread";
import { CodeField } from "./CodeField";
import { TextField } from "./TextField";

/** The area where the customer answers. The expected kind of answer decides the field. */
export function Composer({ thread, expects }: { thread: Thread; expects: Expects | null }) {
  const { words, chat } = usePanel();
  const [writingInstead, setWritingInstead] = useState(false);
  const sending = isSending(thread);
  useEffect(() => {
    if (!sending) setWritingInstead(false);
  }, [expects, sending]);
  const expectsCode = expects === "code";
  return (
    <div class="composer" data-expects={expects ?? "text"}>
      {thread.notice && (
        <p class="notice" id="notice">
          {thread.notice}
        </p>
      )}
      {expectsCode && !writingInstead ? (
        <CodeField
          busy={sending}
          onComplete={(digits) => chat.sendCode(thread.key, digits)}
          onWriteInstead={() => setWritingInstead(true)}
        />
      ) : (
        <>
          <TextField thread={thread} expects={expectsCode ? null : expects} />
          {expectsCode && (
            <button type="button" class="link-button" onClick={() => setWritingInstead(false)}>
              {words("enter-code")}
            </button>
          )}
        </>
      )}
    </div>
  );
}
