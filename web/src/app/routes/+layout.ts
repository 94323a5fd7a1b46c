import { speak_readers_language } from '$ui';

export const ssr = false;
export const prerender = false;

export async function load(): Promise<void> {
  await speak_readers_language();
}
