import { api, body_of, if_match, type Schemas } from '$api';

export type Staff = Schemas['Staff'];
export type Business = Schemas['Business'];
export type ApiKey = Schemas['ApiKey'];

export const roles = ['owner', 'manager', 'staff', 'auditor'] as const;
export type Role = (typeof roles)[number];

export function hire(member: Schemas['NewStaff']): Promise<Staff> {
  return body_of(api.POST('/api/v1/staff', { body: member }));
}

export function change_staff(
  id: string,
  version: number | null,
  change: Schemas['StaffChange'],
): Promise<Staff> {
  const header = version === null ? {} : if_match(version);
  return body_of(
    api.PATCH('/api/v1/staff/{id}', { params: { path: { id }, header }, body: change }),
  );
}

export function change_business(id: string, change: Schemas['BusinessChange']): Promise<Business> {
  return body_of(api.PATCH('/api/v1/businesses/{id}', { params: { path: { id } }, body: change }));
}

export function add_business(business: Schemas['NewBusiness']): Promise<Business> {
  return body_of(api.POST('/api/v1/businesses', { body: business }));
}

export function make_api_key(name: string, scopes: string[]): Promise<Schemas['ApiKeyWithSecret']> {
  return body_of(api.POST('/api/v1/api-keys', { body: { name, scopes } }));
}

export async function revoke_api_key(id: string): Promise<void> {
  await body_of(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } }));
}
