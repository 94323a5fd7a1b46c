// An e-mail as it lies in a file (RFC 5322), read. Loaded when it is used.
import PostalMime, { type Address } from 'postal-mime';

export interface Mail {
  subject: string;
  from: string;
  to: string;
  date: string; // as the sender's clock had it; '' where the message says none
  text: string;
  html: string;
  /** What it carries for its HTML, by Content-ID, as data: addresses. */
  pictures: Map<string, string>;
  /** The names of the files that it carries besides. */
  files: string[];
}

const picture_bytes_max = 3_000_000; // of all together: the sandbox takes no more
const depth_max = 16;

const name_of = (address: Address): string =>
  address.group
    ? address.group.map(name_of).join(', ')
    : address.name
      ? `${address.name} <${address.address ?? ''}>`
      : (address.address ?? '');

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

export async function read_mail(bytes: ArrayBuffer): Promise<Mail> {
  const mail = await PostalMime.parse(bytes, {
    maxNestingDepth: depth_max,
    attachmentEncoding: 'arraybuffer',
  });
  const pictures = new Map<string, string>();
  const files: string[] = [];
  let size = 0;
  for (const part of mail.attachments) {
    const content = new Uint8Array(part.content as ArrayBuffer);
    if (part.contentId && part.mimeType.startsWith('image/')) {
      size += content.length;
      if (size > picture_bytes_max) continue;
      const id = part.contentId.replace(/^<|>$/g, '');
      pictures.set(id, `data:${part.mimeType};base64,${base64(content)}`);
    } else {
      files.push(part.filename ?? part.mimeType);
    }
  }
  return {
    subject: mail.subject ?? '',
    from: mail.from ? name_of(mail.from) : '',
    to: [...(mail.to ?? []), ...(mail.cc ?? [])].map(name_of).join(', '),
    date: mail.date ?? '',
    text: mail.text ?? '',
    html: mail.html ?? '',
    pictures,
    files,
  };
}
