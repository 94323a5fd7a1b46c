// An evidence bundle of what is filtered, which the server makes in the background.
import { api, body_of, new_id, type Schemas } from '$api';
import { follow_link, t } from '$ui';
import { to_query, type Filters } from './filters';

type Export = Schemas['Export'];

const look_ms = 400;

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

export class Bundle {
  /** How far it is, from 0 to 1; null while none is made or nothing is known. */
  part = $state<number | null>(null);
  busy = $state(false);
  #abort = new AbortController();

  /** Has it made and lets the browser save it; throws what went wrong. */
  async make(contact: string | null, filters: Filters): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.part = null;
    try {
      const { signal } = this.#abort;
      let now = await this.#start(contact, filters);
      while (now.status !== 'done') {
        if (now.status === 'failed') {
          throw new Error(t('export.failed', { reason: now.error ?? '' }));
        }
        const { done, all } = now.progress;
        this.part = all > 0 ? done / all : null;
        await wait(look_ms, signal);
        const params = { path: { id: now.id } };
        now = await body_of<Export>(api.GET('/api/v1/exports/{id}', { params, signal }));
      }
      follow_link(`/api/v1/exports/${now.id}/file`);
    } finally {
      this.busy = false;
    }
  }

  /** For who leaves: the server goes on, but nobody waits for it. */
  leave(): void {
    this.#abort.abort();
  }

  #start(contact: string | null, filters: Filters): Promise<Export> {
    const chosen = to_query({ ...filters, at: null, as_of: null, order: 'newest' });
    const params = { header: { 'Idempotency-Key': new_id() } };
    const body = {
      format: 'bundle' as const,
      ...(contact ? { contact } : {}),
      ...(Object.keys(chosen).length > 0 ? { filters: chosen } : {}),
    };
    return body_of<Export>(api.POST('/api/v1/exports', { params, body }));
  }
}
