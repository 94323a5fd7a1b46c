// Sends a file to the server and tells how far it is: fetch() cannot.
import { signed_out } from './client';
import { new_id } from './id';
import { Problem } from './problem';

export interface Upload<T> {
  done: Promise<T>;
  abort: () => void;
}

/** `done` comes with the 201's body, or throws Problem; `onprogress` is told a part of 1. */
export function upload_to<T>(
  path: string,
  body: FormData | Blob,
  onprogress: (part: number) => void,
  type?: string,
): Upload<T> {
  const request = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onprogress(event.loaded / event.total);
    });
    request.addEventListener('error', () => reject(Problem.unreachable()));
    request.addEventListener('abort', () => reject(Problem.unreachable()));
    request.addEventListener('load', () => {
      let reply: unknown;
      try {
        reply = JSON.parse(request.responseText);
      } catch {
        reply = undefined;
      }
      if (request.status === 201) resolve(reply as T);
      else reject(signed_out(Problem.of(reply, request.status)));
    });
  });
  request.open('POST', path);
  request.setRequestHeader('Idempotency-Key', new_id());
  if (type) request.setRequestHeader('Content-Type', type);
  request.send(body);
  return { done, abort: () => request.abort() };
}
