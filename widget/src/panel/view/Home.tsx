import { Icon } from "../../kit/Icon";
import { usePanel } from "../context";
import type { PanelState } from "../state/state";
import { ConversationList } from "./ConversationList";
import { Header } from "./Header";

/** The menu entry that gets the large button: most customers come for it. */
const MAIN_ACTION = "pay_bill";

/** The home view: greeting, earlier conversations, and the menu. */
export function Home({ state, offline }: { state: PanelState; offline: boolean }) {
  const { words, chat } = usePanel();
  const { name } = state.brand;
  const mainLabel = state.menu.find((entry) => entry.id === MAIN_ACTION)?.label ?? words("pay-my-bill");
  const [initial = ""] = Array.from(name.trim());
  return (
    <>
      <Header offline={offline}>
        <p class="brand">
          <span class="monogram" aria-hidden="true">
            {initial}
          </span>
          <span>{name}</span>
        </p>
      </Header>
      <main class="home">
        <div class="welcome">
          <h1 tabIndex={-1}>{state.greeting ?? words("greeting")}</h1>
          <AgentPresence state={state} />
        </div>
        {state.conversations.length > 0 && <ConversationList conversations={state.conversations} />}
        <div class="actions">{state.welcomed ? <Menu state={state} /> : <MenuSkeleton />}</div>
      </main>
      <div class="foot">
        <button type="button" class="button wide main" onClick={() => chat.start(mainLabel, MAIN_ACTION)}>
          <Icon name="card" />
          {mainLabel}
        </button>
      </div>
    </>
  );
}

function AgentPresence({ state }: { state: PanelState }) {
  const { words } = usePanel();
  if (!state.welcomed) return <p class="presence">{words("connecting")}</p>;
  return (
    <p class="presence">
      <span class={state.agentsOnline ? "dot here" : "dot"} />
      {words(state.agentsOnline ? "people-here" : "people-away")}
    </p>
  );
}

/** The menu without its main entry. If nothing is left, an entry that starts an empty conversation. */
function Menu({ state }: { state: PanelState }) {
  const { words, chat } = usePanel();
  const entries = state.menu.filter((entry) => entry.id !== MAIN_ACTION);
  return (
    <ul class="rows">
      {entries.map(({ id, label }) => (
        <MenuRow key={id} label={label} onClick={() => chat.start(label, id)} />
      ))}
      {entries.length === 0 && <MenuRow label={words("ask-else")} onClick={() => chat.start(words("new-conversation"))} />}
    </ul>
  );
}

function MenuRow({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <li>
      <button type="button" class="row" onClick={onClick}>
        <span class="row-text">{label}</span>
        <Icon name="next" size={18} />
      </button>
    </li>
  );
}

function MenuSkeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      <i />
      <i />
    </div>
  );
}
