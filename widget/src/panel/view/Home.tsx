/** The first view: a greeting, who is there, what was talked about, and the one thing most people come for. */

import type { Summary } from "../protocol";
import type { State } from "../state";
import { useTools } from "../tools";
import { Header } from "./Header";
import { Icon } from "../../kit/Icon";

const MAIN = "pay_bill";

export function Home({ state, offline }: { state: State; offline: boolean }) {
  const { words, chat, greeting } = useTools();
  const { name } = state.brand;
  const main = state.actions.find((action) => action.id === MAIN)?.label ?? words("pay-my-bill");
  const others = state.actions.filter((action) => action.id !== MAIN);
  return (
    <>
      <Header offline={offline}>
        <p class="brand">
          <span class="monogram" aria-hidden="true">
            {Array.from(name.trim())[0] ?? ""}
          </span>
          <span>{name}</span>
        </p>
      </Header>
      <main class="home">
        <div class="welcome">
          <h1 tabIndex={-1}>{greeting}</h1>
          <Presence state={state} />
        </div>
        {state.conversations.length > 0 && <Earlier rows={state.conversations} />}
        <div class="actions">
          {state.welcomed ? (
            <ul class="rows">
              {others.map((action) => (
                <Row key={action.id} label={action.label} onClick={() => chat.start(action.label, action.id)} />
              ))}
              {others.length === 0 && <Row label={words("ask-else")} onClick={() => chat.start(words("new-conversation"))} />}
            </ul>
          ) : (
            <Skeleton />
          )}
        </div>
      </main>
      <div class="foot">
        <button type="button" class="button wide main" onClick={() => chat.start(main, MAIN)}>
          <Icon name="card" />
          {main}
        </button>
      </div>
    </>
  );
}

function Presence({ state }: { state: State }) {
  const { words } = useTools();
  if (!state.welcomed) return <p class="presence">{words("connecting")}</p>;
  return (
    <p class="presence">
      <span class={state.agentsOnline ? "dot here" : "dot"} />
      {words(state.agentsOnline ? "people-here" : "people-away")}
    </p>
  );
}

function Row({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <li>
      <button type="button" class="row" onClick={onClick}>
        <span class="row-text">{label}</span>
        <Icon name="next" size={18} />
      </button>
    </li>
  );
}

function Earlier({ rows }: { rows: readonly Summary[] }) {
  const { words } = useTools();
  return (
    <section aria-labelledby="earlier">
      <h2 id="earlier" class="small-heading">
        {words("conversations")}
      </h2>
      <ul class="rows">
        {rows.map((row) => (
          <EarlierRow key={row.id} row={row} />
        ))}
      </ul>
    </section>
  );
}

function EarlierRow({ row }: { row: Summary }) {
  const { words, format, chat } = useTools();
  return (
    <li>
      <button type="button" class="row" onClick={() => chat.show(row.id)}>
        <span class="row-text">
          <span class="row-title">{row.title || words("new-conversation")}</span>
          <span class="row-preview">{row.preview}</span>
          {row.with !== "bot" && <span class={`chip ${row.with}`}>{words(`with-${row.with}`)}</span>}
        </span>
        <span class="row-side">
          <span class="quiet-text">{format.mark(row.at)}</span>
          {row.unread > 0 && (
            <span class="count">
              {row.unread > 99 ? "99+" : row.unread}
              <span class="unseen"> {words("unread")}</span>
            </span>
          )}
        </span>
      </button>
    </li>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      <i />
      <i />
    </div>
  );
}
