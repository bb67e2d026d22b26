/** Ready-made answers as large rows. The first one leads when the message before asks for a decision about money. */

import type { Choice } from "../protocol";
import { useTools } from "../tools";
import { Icon } from "../../kit/Icon";

interface Props {
  readonly choices: readonly Choice[];
  readonly lead: boolean;
  readonly onChoose: (choice: Choice) => void;
}

export function Choices({ choices, lead, onChoose }: Props) {
  const { words } = useTools();
  return (
    <ul class="rows choices" aria-label={words("choices")}>
      {choices.map((choice, at) => (
        <li key={choice.id}>
          <button
            type="button"
            class={lead && at === 0 ? "row lead" : "row"}
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
