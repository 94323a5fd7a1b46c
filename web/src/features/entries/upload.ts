// Sends a file to the server and tells how far it is: fetch() cannot.
import { new_id, Problem, type Schemas } from '$api';

export type Attachment = Schemas['Attachment'];

export const attachment_bytes_max = 25 * 1024 * 1024;
export const attachments_max = 20;

export interface Upload {
  done: Promise<Attachment>;
  abort: () => void;
}

export function upload(file: File, onprogress: (part: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<Attachment>((resolve, reject) => {
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onprogress(event.loaded / event.total);
    });
    request.addEventListener('error', () => reject(Problem.unreachable()));
    request.addEventListener('abort', () => reject(Problem.unreachable()));
    request.addEventListener('load', () => {
      let body: unknown;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        body = undefined;
      }
      if (request.status === 201) resolve(body as Attachment);
      else reject(Problem.of(body, request.status));
    });
  });
  const form = new FormData();
  form.append('file', file);
  request.open('POST', '/api/v1/attachments');
  request.setRequestHeader('Idempotency-Key', new_id());
  request.send(form);
  return { done, abort: () => request.abort() };
}
