export { default as HeatMap } from './HeatMap.svelte';
export { default as PaymentsPlot } from './PaymentsPlot.svelte';
