/** Reads digits of any script. */

const DECIMAL_DIGIT = /\p{Nd}/u;

/** The digits in a typed or pasted text, as 0–9; at most `length` of them. */
export function extractDigits(text: string, length: number): string {
  const digits = Array.from(text.normalize("NFKC")).filter((character) => DECIMAL_DIGIT.test(character));
  return digits.map(digitValue).join("").slice(0, length);
}

/** Unicode has the decimal digits of a script in a row, from 0 to 9: the value is the distance from its zero. */
function digitValue(digit: string): string {
  let value = 0;
  for (let code = digit.codePointAt(0)! - 1; value < 9 && DECIMAL_DIGIT.test(String.fromCodePoint(code)); code--) value++;
  return String(value);
}
