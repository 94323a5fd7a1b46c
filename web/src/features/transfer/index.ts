/** Loaded when it is first shown. */
export const load_import_wizard = () => import('./ImportWizard.svelte');
