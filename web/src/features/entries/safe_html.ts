// HTML of others, made harmless before a sandbox shows it: the sandbox would stop all of this too.
// Loaded when it is used.
import DOMPurify from 'dompurify';

export interface SafeHtml {
  html: string;
  /** How much was not loaded since it lies elsewhere. */
  held_back: number;
}

const own_pictures = /^data:image\/(png|jpeg|gif|webp|avif);/i;
const options = {
  WHOLE_DOCUMENT: true,
  USE_PROFILES: { html: true },
  FORBID_TAGS: [
    ...['form', 'input', 'button', 'select', 'option', 'textarea', 'label', 'fieldset', 'dialog'],
    ...['audio', 'video', 'source', 'track', 'picture', 'map', 'area', 'template', 'slot'],
    ...['link', 'meta', 'base', 'iframe', 'object', 'embed', 'frame', 'frameset'],
  ],
  FORBID_ATTR: ['srcset', 'background', 'poster', 'ping', 'action', 'usemap', 'download', 'name'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/** Styles without what would be loaded; none where that is not plain to see. */
export function safe_css(css: string, held: () => void = () => {}): string {
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/@import[^;]*;?/gi, () => {
    held();
    return '';
  });
  const without = plain.replace(/(?:url|src)\s*\([^)]*\)/gi, () => {
    held();
    return 'none';
  });
  if (!/url|image-set|src\s*\(|expression|@import|\\/i.test(without)) return without;
  held();
  return '';
}

/** `pictures` are those that the message carries, by their Content-ID, as data: addresses. */
export function safe_html(html: string, pictures: ReadonlyMap<string, string>): SafeHtml {
  // One for all: a second could not have the trusted types of the first.
  DOMPurify.removeAllHooks();
  let held_back = 0;
  const held = () => (held_back += 1);
  DOMPurify.addHook('uponSanitizeElement', (node, { tagName }) => {
    if (tagName === 'style') node.textContent = safe_css(node.textContent ?? '', held);
  });
  DOMPurify.addHook('uponSanitizeAttribute', (node, attribute) => {
    if (attribute.attrName === 'style') {
      attribute.attrValue = safe_css(attribute.attrValue, held);
    } else if (attribute.attrName === 'href') {
      // Shown, and not followed: a frame is no place to read on.
      if (/^(https?|mailto|tel):/i.test(attribute.attrValue)) {
        node.setAttribute('title', attribute.attrValue);
      }
      attribute.keepAttr = false;
    } else if (attribute.attrName === 'src') {
      const own = /^cid:/i.test(attribute.attrValue)
        ? pictures.get(attribute.attrValue.slice(4))
        : attribute.attrValue;
      if (own && own_pictures.test(own)) {
        attribute.attrValue = own;
      } else {
        held();
        attribute.keepAttr = false;
      }
    }
  });
  return { html: DOMPurify.sanitize(html, options), held_back };
}
