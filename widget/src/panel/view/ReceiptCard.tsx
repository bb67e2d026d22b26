import { Icon } from "../../kit/Icon";
import type { Receipt } from "../../kit/message";
import { usePanel } from "../context";

/** A confirmed payment: amount, reference and time. */
export function ReceiptCard({ card }: { card: Receipt }) {
  const { words, format } = usePanel();
  return (
    <div class="card receipt">
      <span class="seal">
        <Icon name="check" size={24} />
      </span>
      <h2 class="card-label">{words("receipt")}</h2>
      <p class="amount">{card.formatted}</p>
      <dl class="facts">
        <div>
          <dt>{words("receipt-reference")}</dt>
          <dd class="figures">{card.reference}</dd>
        </div>
        <div>
          <dt>{words("receipt-paid-at")}</dt>
          <dd>{format.dateTime(card.paid_at)}</dd>
        </div>
      </dl>
    </div>
  );
}
