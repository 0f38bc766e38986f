/** The form of an ISIN (ISO 6166): a country, nine characters and a check digit. */
export const ISIN_FORM = /^[A-Z]{2}[A-Z0-9]{9}[0-9]$/;

/**
 * The check digit that belongs to an ISIN by ISO 6166: letters become 10 to 35, then Luhn's sum (ISO/IEC 7812-1, annex B) makes the
 * digit.
 * @param isin twelve characters, of which the last is not looked at, or the first eleven
 */
export function isinCheckDigit(isin: string): string {
  const digits = [...isin.slice(0, 11)].map((character) => Number.parseInt(character, 36)).join("");
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const fromRight = digits.length - i;
    const value = Number(digits[i]) * (fromRight % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return String((10 - (sum % 10)) % 10);
}
