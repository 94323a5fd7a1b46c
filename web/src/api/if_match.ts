/** The header by which the server refuses (412) what somebody else changed since `version`. */
export function if_match(version: number): { 'If-Match': string } {
  return { 'If-Match': `"${version}"` };
}
