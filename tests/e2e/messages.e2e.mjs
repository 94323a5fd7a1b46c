// What became of a message: the reports that come in, as the front desk reads them.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { step, Studio } from './studio.mjs';

let studio;
let page;
let client;
let message;

const row = (text) => page.locator('[data-entry]', { hasText: text });
const trail = () =>
  page.getByRole('region', { name: /Reminder/ }).locator('section', {
    has: page.getByRole('heading', { name: 'What became of it' }),
  });
// All of one day by the browser's clock, which is Berlin's.
const at = (time) => `2026-03-02T${time}:00+01:00`;

async function report(status, time, more = {}) {
  await studio.call('POST', `/entries/${message}/delivery-events`, {
    status,
    occurred_at: at(time),
    ...more,
  });
}

describe('a message', () => {
  before(async () => {
    studio = await Studio.open();
    ({ page } = studio);
    client = await studio.call('POST', '/contacts', { given_name: 'Jürgen' });
    message = (
      await studio.call('POST', '/entries', {
        type: 'email.sent',
        contact: { id: client.id },
        title: 'Reminder',
        occurred_at: at('09:00'),
        source: 'mail',
        source_id: 'm-1',
      })
    ).id;
  });
  after(() => studio?.close());

  step('tells in its line what became of it, while one looks', async () => {
    await page.goto(`/contacts/${client.id}`);
    await row('Reminder').waitFor();
    await report('delivered', '09:01');
    await row('Reminder').getByText('delivered 09:01').waitFor();
    await report('opened', '09:12');
    await row('Reminder').getByText('opened 09:12').waitFor();
  });

  step('tells a machine from the client', async () => {
    await report('clicked', '09:02', { machine: true, reason: 'link scanner' });
    await row('Reminder').click();
    await trail().getByText('clicked by a machine').waitFor();
    await trail().getByText('link scanner').waitFor();
    await row('Reminder').getByText('opened 09:12').waitFor();
    await studio.check('delivery');
  });

  step('that bounced and was opened all the same is shown with both, and explained', async () => {
    await report('bounced', '09:03', { reason: 'mailbox full' });
    await row('Reminder').getByText('bounced 09:03').waitFor();
    await trail().getByText('mailbox full').waitFor();
    await trail()
      .getByText(/It came back and was opened all the same/)
      .waitFor();
    const steps = await trail().getByRole('listitem').allInnerTexts();
    assert.deepEqual(
      steps.map((each) => each.replace(/\s+/g, ' ').replace(/ ?·$/, '').trim()),
      [
        'delivered 09:01',
        'clicked by a machine 09:02 : link scanner',
        'bounced 09:03 : mailbox full',
        'opened 09:12',
      ],
    );
    await studio.check('delivery-bounced');
    await studio.check_narrow('delivery-bounced');
  });

  step('complained about nothing', () => assert.deepEqual(studio.complaints, []));
});
