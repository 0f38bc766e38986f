/** A pair of currencies as the registry names it for this service: `USD/ZAR`. Null where it is not one. */
export function pairOf(providerSymbol: string): { from: string; to: string } | null {
  const match = /^([A-Z]{3})\/([A-Z]{3})$/.exec(providerSymbol);
  return match && { from: match[1], to: match[2] };
}
