import { usePanel } from "../context";
import type { ConversationSummary } from "../protocol";

const MAX_UNREAD_SHOWN = 99;

/** The customer's conversations, each with its newest message and unread count. */
export function ConversationList({ conversations }: { conversations: readonly ConversationSummary[] }) {
  const { words } = usePanel();
  return (
    <section aria-labelledby="earlier">
      <h2 id="earlier" class="small-heading">
        {words("conversations")}
      </h2>
      <ul class="rows">
        {conversations.map((summary) => (
          <ConversationRow key={summary.id} summary={summary} />
        ))}
      </ul>
    </section>
  );
}

function ConversationRow({ summary }: { summary: ConversationSummary }) {
  const { words, format, chat } = usePanel();
  const { id, title, preview, at, unread } = summary;
  return (
    <li>
      <button type="button" class="row" onClick={() => chat.select(id)}>
        <span class="row-text">
          <span class="row-title">{title || words("new-conversation")}</span>
          <span class="row-preview">{preview}</span>
          {summary.with !== "bot" && <span class={`chip ${summary.with}`}>{words(`with-${summary.with}`)}</span>}
        </span>
        <span class="row-side">
          <span class="quiet-text">{format.short(at)}</span>
          {unread > 0 && (
            <span class="count">
              {unread > MAX_UNREAD_SHOWN ? `${MAX_UNREAD_SHOWN}+` : unread}
              <span class="unseen"> {words("unread")}</span>
            </span>
          )}
        </span>
      </button>
    </li>
  );
}
