// Messages with values, as tools/messages.ts leaves them.

/** A literal; 0 for the number of the plural around; a value; a plural with its forms. */
export type Part = string | 0 | [name: string] | [name: string, forms: Record<string, Part[]>];
export type Text = string | Part[];
export type Values = Record<string, string | number>;

const rules = new Map<string, Intl.PluralRules>();

function form_of(forms: Record<string, Part[]>, count: number, locale: string): Part[] {
  const exact = forms[`=${count}`];
  if (exact) return exact;
  let rule = rules.get(locale);
  if (!rule) rules.set(locale, (rule = new Intl.PluralRules(locale)));
  return forms[rule.select(count)] ?? forms.other!;
}

export function fill(text: Text, values: Values, locale: string, count = 0): string {
  if (typeof text === 'string') return text;
  return text
    .map((part) => {
      if (typeof part === 'string') return part;
      if (part === 0) return new Intl.NumberFormat(locale).format(count);
      const value = values[part[0]] ?? '';
      if (part.length === 1) return String(value);
      return fill(form_of(part[1], Number(value), locale), values, locale, Number(value));
    })
    .join('');
}
