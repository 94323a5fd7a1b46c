import { api, body_of, type Schemas } from '$api';

interface Payment {
  month: string; // 'YYYY-MM'
  currency: string;
  value: number; // minor units; below zero for what went back
}

const page_size = 200;
const pages_max = 5;

export const payments_key = (contact: string, from: string) =>
  ['contact', contact, 'payments', from] as const;

/** What was paid and paid back since the day `from`, of at most 1,000 payments. */
export async function fetch_payments(
  contact: string,
  from: string,
  signal: AbortSignal,
): Promise<Payment[]> {
  const payments: Payment[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pages_max; page += 1) {
    const params = {
      path: { id: contact },
      query: {
        type: ['payment.taken', 'payment.refunded'],
        from,
        limit: page_size,
        ...(cursor ? { cursor } : {}),
      },
    };
    const call = api.GET('/api/v1/contacts/{id}/entries', { params, signal });
    const list = (await body_of<unknown>(call)) as Schemas['EntryList'];
    for (const { amount, occurred_at, retracted, type } of list.items) {
      if (!amount || retracted) continue;
      payments.push({
        month: occurred_at.slice(0, 7),
        currency: amount.currency,
        value: type === 'payment.refunded' ? -amount.value : amount.value,
      });
    }
    cursor = list.next_cursor;
    if (cursor === null) break;
  }
  return payments;
}
