import type { DirectDebit } from "../protocol";
import { useTools } from "../tools";
import { Icon } from "../../kit/Icon";

/** What will be collected without anybody doing anything. */
export function DebitCard({ card }: { card: DirectDebit }) {
  const { words, format } = useTools();
  return (
    <div class="card">
      <h2 class="card-label with-icon">
        <Icon name="calendar" size={18} />
        {words("debit")}
      </h2>
      {card.formatted && <p class="amount">{card.formatted}</p>}
      <p>{card.next_on ? words("debit-next", { date: format.date(card.next_on) }) : words("debit-none")}</p>
      <p class="fine good">
        <Icon name="check" size={18} />
        {words("debit-nothing-to-do")}
      </p>
    </div>
  );
}
