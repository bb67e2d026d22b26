/** The strip at the top: back (in a conversation), whose chat it is, and close; below it, whether the connection is missing. */

import type { ComponentChildren } from "preact";
import { useTools } from "../tools";
import { Icon, type IconName } from "../../kit/Icon";

interface Props {
  readonly back?: () => void;
  readonly offline: boolean;
  readonly children: ComponentChildren;
}

export function Header({ back, offline, children }: Props) {
  const { words, close } = useTools();
  return (
    <header>
      <div class="header">
        {back && <HeaderButton icon="back" label={words("back")} onClick={back} />}
        <div class="header-middle">{children}</div>
        {close && <HeaderButton icon="close" label={words("close")} onClick={close} />}
      </div>
      {offline && <OfflineBar />}
    </header>
  );
}

function HeaderButton({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" class="icon-button" onClick={onClick} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

/** Says honestly that the connection is missing; the panel keeps trying by itself. */
function OfflineBar() {
  const { words } = useTools();
  return (
    <p class="offline">
      <span class="dot pulse" />
      {words("offline")}
    </p>
  );
}
