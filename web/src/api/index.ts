export { api, body_of, on_signed_out, type EntryQuery, type Schemas } from './client';
export { fetch_file } from './file';
export { if_match } from './if_match';
export {
  api_key_list,
  contact_type_list,
  entry_type_list,
  log_view_list,
  logging_rule_list,
  saved_filter_list,
  staff_list,
} from './lists';
export { Problem, type FieldError } from './problem';
export { follow, type Following } from './stream';
export { can_check, check_proof, type EntryProof } from './proof';
export { new_id } from './id';
export { upload_to, type Upload } from './upload';
