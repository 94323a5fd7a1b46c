// A history that has something of each kind, and all that can be read of it.
import type { Client } from './client';
import type { Studio } from './studio';

const entries = '/api/v1/entries';
const contacts = '/api/v1/contacts';

/** Something of each kind that is derived; the id of the contact that has most of it. */
export async function tell(studio: Studio): Promise<string> {
  const client = studio.owner;
  const anna = await studio.person({ given_name: 'Jürgen', family_name: 'Größe', tags: ['vip'] });
  const bert = await studio.person({ given_name: 'Bert', emails: [{ address: 'b@example.com' }] });
  const file = await client.upload('contract.txt', 'signed');
  const euros = { value: 4200, currency: 'EUR' };
  const ids: string[] = [];
  for (const draft of [
    { type: 'note', title: 'Platypus', text: 'ornithorhynchus', attachments: [file] },
    { type: 'payment.taken', amount: euros, occurred_at: '2016-05-02T10:00:00Z' },
    { type: 'payment.taken', amount: euros },
    { type: 'call', direction: 'inbound', private: true },
    { type: 'visit', views: ['medical'] },
    { type: 'email.sent', title: 'Your receipt' },
  ]) {
    ids.push((await client.post(entries, { contact: { id: anna }, ...draft })).id);
  }
  await client.post(`${entries}/${ids[0]}/corrections`, { reason: 'x', text: 'monotreme' });
  await client.post(`${entries}/${ids[2]}/retraction`, { reason: 'x' });
  for (const event of [{ status: 'bounced', reason: 'Full' }, { status: 'opened' }]) {
    await client.post(`${entries}/${ids[5]}/delivery-events`, event);
  }
  await client.post(entries, { type: 'note', contact: { id: bert }, about: ids[0] });
  await client.post(`${contacts}/${bert}/merge`, { into: anna }, 200);
  return anna;
}

/** All that the derived tables answer. */
export async function read(owner: Client, anna: string): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  // Entries tell which checkpoint they are in; this makes it the same one at every reading.
  answers.checkpoint = (await owner.request('GET', '/api/v1/ledger/checkpoint')).text;
  const all_versions = { as_of: '2200-01-01' };
  for (const path of [`${contacts}/${anna}/entries`, entries]) {
    for (const query of [
      {},
      all_versions,
      { q: 'monotreme' },
      { q: 'ornithorhynchus' },
      { has_attachment: true },
      { tag: 'vip' },
      { view: 'medical' },
    ]) {
      const name = `${path} ${JSON.stringify(query)}`;
      answers[name] = await owner.get(path, { ...query, facets: '1', limit: 200 });
    }
  }
  answers.summary = await owner.get(`${contacts}/${anna}/summary`);
  for (const query of [{}, { q: 'grosse' }, { q: 'Jurgan' }, { q: 'b@example.com' }]) {
    answers[`contacts ${JSON.stringify(query)}`] = await owner.get(contacts, query);
  }
  for (const entry of (answers[`${entries} {}`] as any).items) {
    answers[entry.id] = await owner.get(`${entries}/${entry.id}`);
  }
  return answers;
}
