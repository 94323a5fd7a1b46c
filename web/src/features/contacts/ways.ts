// What tells one contact from another in a line, and what led a search to it.
import { mark_matches } from '$ui';
import type { Contact } from './queries';

/** Phone, e-mail and client number; those that match `query` first, then in this order. */
export function line_of(contact: Contact, query: string): string[][] {
  const ways = [
    ...contact.phones.map((phone) => phone.number),
    ...contact.emails.map((email) => email.address),
    ...(contact.client_number ? [contact.client_number] : []),
    ...contact.uids.map((uid) => uid.external_id),
  ];
  const marked = ways.map((way) => mark_matches(way, query));
  const matching = marked.filter((pieces) => pieces.length > 1);
  const named = marked.slice(0, ways.length - contact.uids.length);
  return [...matching, ...named.filter((pieces) => pieces.length === 1)].slice(0, 3);
}
