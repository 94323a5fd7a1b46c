// A server with a business on it, somebody of each role, and what tests need besides.
import { Client } from './client';
import { Server, type ServerOptions } from './server';

export const password = 'correct horse battery';
export type RoleName = 'owner' | 'manager' | 'staff' | 'colleague' | 'auditor';

export interface Member {
  id: string;
  client: Client;
}

export class Studio {
  members = {} as Record<RoleName, Member>;

  private constructor(
    readonly server: Server,
    readonly anyone: Client,
  ) {}

  /** Set up with its owner alone. */
  static async found(options: ServerOptions = {}): Promise<Studio> {
    const server = await Server.start(options);
    const studio = new Studio(server, new Client(server.url));
    const reply = await studio.anyone.request('POST', '/api/v1/setup', {
      json: {
        business: {
          name: 'Studio Nord',
          time_zone: 'Europe/Berlin',
          locale: 'de',
          currency: 'EUR',
          country: 'DE',
        },
        owner: { name: 'Erika Kern', email: 'owner@nord.example', password },
      },
    });
    if (reply.status !== 201) throw new Error(`set-up: ${reply.text}`);
    const client = studio.anyone.with({ cookie: cookie_of(reply.headers) });
    studio.members.owner = { id: reply.body.id, client };
    return studio;
  }

  /** With a manager, two of the staff and an auditor. */
  static async staffed(options: ServerOptions = {}): Promise<Studio> {
    const studio = await Studio.found(options);
    await studio.hire('manager', 'manager');
    await studio.hire('staff', 'staff');
    await studio.hire('colleague', 'staff');
    await studio.hire('auditor', 'auditor');
    return studio;
  }

  async hire(name: RoleName, role: string): Promise<void> {
    const email = `${name}@nord.example`;
    const made = await this.owner.post('/api/v1/staff', {
      name: `The ${name}`,
      email,
      role,
      password,
    });
    this.members[name] = { id: made.id, client: await this.sign_in(email) };
  }

  async sign_in(email: string, business?: string): Promise<Client> {
    const json = business ? { email, password, business } : { email, password };
    const reply = await this.anyone.request('POST', '/api/v1/session', { json });
    if (reply.status !== 201) throw new Error(`sign-in: ${reply.text}`);
    return this.anyone.with({ cookie: cookie_of(reply.headers) });
  }

  get owner(): Client {
    return this.members.owner.client;
  }
  get manager(): Client {
    return this.members.manager.client;
  }
  get staff(): Client {
    return this.members.staff.client;
  }
  get colleague(): Client {
    return this.members.colleague.client;
  }
  get auditor(): Client {
    return this.members.auditor.client;
  }

  /** A caller with an API key of these scopes. */
  async key(...scopes: string[]): Promise<Client> {
    const made = await this.owner.post('/api/v1/api-keys', { name: scopes.join(' '), scopes });
    return this.anyone.with({ key: made.secret });
  }

  /** A new person; its id. */
  async person(more: Record<string, unknown> = {}): Promise<string> {
    const body = { kind: 'person', given_name: 'Anna', family_name: 'Muster', ...more };
    return (await this.owner.post('/api/v1/contacts', body)).id;
  }

  /** An owner of another business on the same server. */
  async other_business(): Promise<Client> {
    const made = await this.owner.post('/api/v1/businesses', {
      name: 'Studio Süd',
      time_zone: 'Europe/Vienna',
      locale: 'de',
      currency: 'EUR',
    });
    return this.sign_in('owner@nord.example', made.id);
  }
}

export function cookie_of(headers: Headers): string {
  return headers.get('set-cookie')!.split(';')[0]!;
}
