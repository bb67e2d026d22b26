import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "../../kit/Icon";
import { usePanel } from "../context";

interface HeaderProps {
  /** Without it there is no back button. */
  readonly back?: () => void;
  readonly offline: boolean;
  readonly children: ComponentChildren;
}

/** The top of each view: back, title, close, and a bar while the connection is lost. */
export function Header({ back, offline, children }: HeaderProps) {
  const { words, close } = usePanel();
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

function OfflineBar() {
  const { words } = usePanel();
  return (
    <p class="offline">
      <span class="dot pulse" />
      {words("offline")}
    </p>
  );
}
