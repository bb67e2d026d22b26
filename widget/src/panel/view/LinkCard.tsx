import { useEffect, useState } from "preact/hooks";
import { serverNow } from "../../kit/clock";
import { Icon } from "../../kit/Icon";
import { safeUrl } from "../../kit/linkify";
import type { PaymentLink } from "../../kit/message";
import { usePanel } from "../context";
import type { LinkStatus } from "../state/link-status";

const EXPIRY_CHECK_MS = 15_000;

/** A payment link: amount, host of the payment page, and expiry. It has a button only while it can be paid. */
export function LinkCard({ card, status }: { card: PaymentLink; status: LinkStatus }) {
  const { words, format } = usePanel();
  const expired = useExpired(card.expires_at);
  const url = safeUrl(card.url);
  return (
    <div class="card">
      <h2 class="card-label">{words("link")}</h2>
      <p class="amount">{card.formatted}</p>
      {status === "paid" ? (
        <p class="fine good">
          <Icon name="check" size={18} />
          {words("link-paid")}
        </p>
      ) : status !== "open" ? (
        <p class="fine">{words(`link-${status}`)}</p>
      ) : expired || !url ? (
        <p class="fine">{words("link-expired")}</p>
      ) : (
        <>
          <a class="button wide" href={url} target="_blank" rel="noopener">
            {words("link-pay", { amount: card.formatted })}
            <Icon name="out" size={18} />
          </a>
          <p class="quiet-text">{words("link-where", { host: new URL(url).host })}</p>
          <p class="quiet-text">{words("link-until", { moment: format.dateTime(card.expires_at) })}</p>
        </>
      )}
    </div>
  );
}

/** Whether an instant (ISO 8601) has passed by the server's clock. Changes while the card is on screen. */
function useExpired(expiresAt: string): boolean {
  const isExpired = () => serverNow() >= Date.parse(expiresAt);
  const [expired, setExpired] = useState(isExpired);
  useEffect(() => {
    const check = () => setExpired(isExpired());
    check();
    const timer = setInterval(check, EXPIRY_CHECK_MS);
    return () => clearInterval(timer);
  }, [expiresAt]);
  return expired;
}
