import type { Receipt } from "../protocol";
import { useTools } from "../tools";
import { Icon } from "../../kit/Icon";

/** That it is paid: how much, when, and the reference to quote. */
export function ReceiptCard({ card }: { card: Receipt }) {
  const { words, format } = useTools();
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
          <dd>{format.moment(card.paid_at)}</dd>
        </div>
      </dl>
    </div>
  );
}
