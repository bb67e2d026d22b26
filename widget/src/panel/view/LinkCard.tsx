import { useEffect, useState } from "preact/hooks";
import { safeUrl } from "../../kit/linkify";
import { serviceNow } from "../../kit/clock";
import type { PaymentLink } from "../protocol";
import { useTools } from "../tools";
import { Icon } from "../../kit/Icon";

/** Where to pay: how much, on whose page, until when. */
export function LinkCard({ card, paid }: { card: PaymentLink; paid: boolean }) {
  const { words, format } = useTools();
  const expired = useExpired(card.expires_at);
  const url = safeUrl(card.url);
  return (
    <div class="card">
      <h2 class="card-label">{words("link")}</h2>
      <p class="amount">{card.formatted}</p>
      {paid ? (
        <p class="fine good">
          <Icon name="check" size={18} />
          {words("link-paid")}
        </p>
      ) : expired || !url ? (
        <p class="fine">{words("link-expired")}</p>
      ) : (
        <>
          <a class="button wide" href={url} target="_blank" rel="noopener">
            {words("link-pay", { amount: card.formatted })}
            <Icon name="out" size={18} />
          </a>
          <p class="quiet-text">{words("link-where", { host: new URL(url).host })}</p>
          <p class="quiet-text">{words("link-until", { moment: format.moment(card.expires_at) })}</p>
        </>
      )}
    </div>
  );
}

/** Turns true when the moment passes, also while somebody looks at it. */
function useExpired(at: string): boolean {
  const [expired, set] = useState(() => serviceNow() >= Date.parse(at));
  useEffect(() => {
    const check = () => set(serviceNow() >= Date.parse(at));
    check();
    const timer = setInterval(check, 15_000);
    return () => clearInterval(timer);
  }, [at]);
  return expired;
}
