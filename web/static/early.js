// Before the app: the reader's choice of light or dark, so that the first paint has it; and what the
// app will ask for first, so that the answers are on their way while it is parsed. src/api/early.ts
// takes them.
(function () {
  // The build says where the texts of each language are.
  const texts_by_build = {};

  function remembered(name) {
    try {
      return localStorage.getItem('annals.' + name);
    } catch {
      return null; // Storage is off: follow the system.
    }
  }

  const theme = remembered('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;

  // As best_language() of src/ui/i18n.svelte.ts chooses.
  const wanted = [remembered('language') || ''].concat(navigator.languages);
  const spoken = wanted
    .map((tag) => tag.toLowerCase().split('-')[0])
    .find((tag) => tag in texts_by_build);
  const texts = texts_by_build[spoken || 'en'];
  if (texts) {
    const link = document.createElement('link');
    link.rel = 'modulepreload';
    link.href = texts;
    document.head.append(link);
  }

  const early = (globalThis.annals_early = new Map());
  function ask(path) {
    const reply = fetch('/api/v1' + path, { credentials: 'same-origin' });
    reply.catch(() => undefined); // The app asks again, and tells.
    early.set('/api/v1' + path, reply);
  }

  // A process's first format of a number or date reads the languages' tables, for longer than all
  // that follows: now, while it waits for the app.
  setTimeout(() => {
    new Intl.NumberFormat(spoken || 'en').format(0);
    new Intl.DateTimeFormat(spoken || 'en', { timeStyle: 'short' }).format(0);
  });

  if (location.pathname.startsWith('/api/')) return;
  ask('/me');
  const contact = /^\/contacts\/([0-9a-f-]{36})\/?$/.exec(location.pathname);
  if (!contact) return;
  ask('/contacts/' + contact[1]);
  ask('/contacts/' + contact[1] + '/summary');
  ask('/log-views?limit=200');
  const { searchParams } = new URL(location.href);
  searchParams.delete('entry');
  if (searchParams.size === 0) ask('/contacts/' + contact[1] + '/entries?limit=50&facets=1');
})();
