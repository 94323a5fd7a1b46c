// An icon of @lucide/svelte as a component of static markup.

type Element = [tag: string, attributes: Record<string, string>];

/** From the source of Lucide's component, which holds the icon's elements as JSON. */
export function plain_icon(source: string): string {
  const found = /const iconData = (\{.*\});?$/m.exec(source)?.[1];
  if (!found) throw new Error("Lucide's icons look different now");
  const { node } = JSON.parse(found) as { node: Element[] };
  const elements = node.map(([tag, attributes]) => {
    const written = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
    return `<${tag} ${written.join(' ')} />`;
  });
  return `<script lang="ts">
  interface Props {
    size?: number;
    'aria-hidden'?: 'true';
    'aria-label'?: string;
  }
  let { size = 24, 'aria-label': label }: Props = $props();
</script>

<svg
  xmlns="http://www.w3.org/2000/svg"
  width={size}
  height={size}
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  stroke-linejoin="round"
  role={label ? 'img' : undefined}
  aria-label={label}
  aria-hidden={label ? undefined : 'true'}>${elements.join('')}</svg>
`;
}
