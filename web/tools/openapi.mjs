// openapi.mjs FROM.yaml TO.json: the document as the server serves it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from 'yaml';

const [from, to] = process.argv.slice(2);
const document = parse(readFileSync(from, 'utf8'), { merge: true, maxAliasCount: -1 });
mkdirSync(dirname(to), { recursive: true });
writeFileSync(to, `${JSON.stringify(document)}\n`);
