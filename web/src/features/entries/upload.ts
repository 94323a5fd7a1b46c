import { upload_to, type Schemas, type Upload as UploadOf } from '$api';

export type Attachment = Schemas['Attachment'];

export const attachment_bytes_max = 25 * 1024 * 1024;
export const attachments_max = 20;

export type Upload = UploadOf<Attachment>;

export function upload(file: File, onprogress: (part: number) => void): Upload {
  const form = new FormData();
  form.append('file', file);
  return upload_to('/api/v1/attachments', form, onprogress);
}
