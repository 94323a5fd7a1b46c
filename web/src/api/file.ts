import { body_of } from './client';

/** A file of the server's; throws Problem where it is not to be had. */
export function fetch_file(path: string, accept = '*/*'): Promise<Blob> {
  const asked = fetch(path, { headers: { accept }, credentials: 'same-origin' }).then(
    async (response) =>
      response.ok
        ? { response, data: await response.blob() }
        : { response, error: (await response.json().catch(() => undefined)) as unknown },
  );
  return body_of<Blob>(asked);
}
