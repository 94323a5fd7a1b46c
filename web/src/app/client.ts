import { QueryClient } from '@tanstack/svelte-query';
import { Problem } from '$api';

const retries_max = 2;

/** Repeats what may come right by itself; a refusal does not. */
export function make_query_client(): QueryClient {
  const may_pass = (cause: unknown) =>
    cause instanceof Problem &&
    (cause.status === 0 || cause.status === 503 || cause.status === 429);
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, cause) => failures < retries_max && may_pass(cause),
        refetchOnWindowFocus: false,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}
