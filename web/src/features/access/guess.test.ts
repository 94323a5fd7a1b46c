import { expect, it } from 'vitest';
import { guess_currency } from './guess';

it('guesses the currency from the region', () => {
  expect(guess_currency(['de-CH'])).toBe('CHF');
  expect(guess_currency(['lt'])).toBe('EUR');
  expect(guess_currency(['en-GB', 'de'])).toBe('GBP');
  expect(guess_currency([])).toBe('EUR');
});
