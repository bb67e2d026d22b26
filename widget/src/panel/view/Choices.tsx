import { Icon } from "../../kit/Icon";
import type { Choice } from "../../kit/message";
import { usePanel } from "../context";

interface ChoicesProps {
  readonly choices: readonly Choice[];
  readonly emphasizeFirst: boolean;
  readonly onChoose: (choice: Choice) => void;
}

/** Ready-made answers as a list of large buttons. */
export function Choices({ choices, emphasizeFirst, onChoose }: ChoicesProps) {
  const { words } = usePanel();
  return (
    <ul class="rows choices" aria-label={words("choices")}>
      {choices.map((choice, index) => (
        <li key={choice.id}>
          <button
            type="button"
            class={emphasizeFirst && index === 0 ? "row lead" : "row"}
            data-choice={choice.id}
            onClick={() => onChoose(choice)}
          >
            <span class="row-text">{choice.label}</span>
            <Icon name="next" size={18} />
          </button>
        </li>
      ))}
    </ul>
  );
}
