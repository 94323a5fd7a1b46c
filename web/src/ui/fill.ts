// Messages with values, as tools/messages.ts leaves them.

/** A literal; 0 for the number of the plural around; a value; a plural with its forms. */
export type Part = string | 0 | [name: string] | [name: string, forms: Record<string, Part[]>];
export type Text = string | Part[];
export type Values = Record<string, string | number>;

// Making these takes long, using them does not.
const rules = new Map<string, Intl.PluralRules>();
const numbers = new Map<string, Intl.NumberFormat>();

function form_of(forms: Record<string, Part[]>, count: number, locale: string): Part[] {
  const exact = forms[`=${count}`];
  if (exact) return exact;
  let rule = rules.get(locale);
  if (!rule) rules.set(locale, (rule = new Intl.PluralRules(locale)));
  return forms[rule.select(count)] ?? forms.other!;
}

function number_of(count: number, locale: string): string {
  let format = numbers.get(locale);
  if (!format) numbers.set(locale, (format = new Intl.NumberFormat(locale)));
  return format.format(count);
}

export function fill(text: Text, values: Values, locale: string, count = 0): string {
  if (typeof text === 'string') return text;
  return text
    .map((part) => {
      if (typeof part === 'string') return part;
      if (part === 0) return number_of(count, locale);
      const value = values[part[0]] ?? '';
      if (part.length === 1) return String(value);
      return fill(form_of(part[1], Number(value), locale), values, locale, Number(value));
    })
    .join('');
}
