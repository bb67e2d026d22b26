import { Icon } from "../../kit/Icon";
import type { DirectDebit } from "../../kit/message";
import { usePanel } from "../context";

/** A direct debit in place: amount and day of the next collection. */
export function DebitCard({ card }: { card: DirectDebit }) {
  const { words, format } = usePanel();
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
