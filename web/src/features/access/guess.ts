// The currency of the reader's region, as a first guess that can be changed.
const euro = 'AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK'.split(' ');
const own: Record<string, string> = {
  GB: 'GBP',
  US: 'USD',
  CH: 'CHF',
  LI: 'CHF',
  PL: 'PLN',
  CZ: 'CZK',
  DK: 'DKK',
  SE: 'SEK',
  NO: 'NOK',
  HU: 'HUF',
  RO: 'RON',
  BG: 'EUR',
  CA: 'CAD',
  AU: 'AUD',
  NZ: 'NZD',
  BR: 'BRL',
};

export function guess_currency(languages: readonly string[]): string {
  for (const tag of languages) {
    const region = new Intl.Locale(tag).maximize().region ?? '';
    if (euro.includes(region)) return 'EUR';
    if (region in own) return own[region]!;
  }
  return 'EUR';
}
