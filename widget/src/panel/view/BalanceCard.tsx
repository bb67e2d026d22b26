import type { Balance, Invoice } from "../../kit/message";
import { usePanel } from "../context";

/** The amount owed, and the open invoices that make it up. */
export function BalanceCard({ card }: { card: Balance }) {
  const { words } = usePanel();
  const title = card.amount_minor > 0 ? "balance-owed" : card.amount_minor < 0 ? "balance-credit" : "balance-clear";
  return (
    <div class="card">
      <h2 class="card-label">{words(title)}</h2>
      <p class="amount">{card.formatted}</p>
      {card.invoices.length > 0 && (
        <ul class="invoices">
          {card.invoices.map((invoice) => (
            <InvoiceRow key={invoice.number} invoice={invoice} />
          ))}
        </ul>
      )}
    </div>
  );
}

function InvoiceRow({ invoice }: { invoice: Invoice }) {
  const { words, format } = usePanel();
  return (
    <li>
      <span>
        <span class="invoice-number">{words("invoice", { number: invoice.number })}</span>
        <span class="quiet-text">{words("due", { date: format.date(invoice.due_on) })}</span>
        {format.isPast(invoice.due_on) && <span class="chip warn">{words("overdue")}</span>}
      </span>
      <span class="figures">{invoice.formatted}</span>
    </li>
  );
}
