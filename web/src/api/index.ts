export { api, body_of, on_signed_out, type EntryQuery, type Schemas } from './client';
export { fetch_file } from './file';
export { Problem, type FieldError } from './problem';
export { follow, type Following } from './stream';
export { can_check, check_proof, type EntryProof } from './proof';
export { new_id } from './id';
