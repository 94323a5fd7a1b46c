/** Loaded when they are first shown. */
export const load_plots = () => import('./Plots.svelte');
