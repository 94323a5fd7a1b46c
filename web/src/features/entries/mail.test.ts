import { describe, expect, it } from 'vitest';
import { read_mail } from './mail';
import { safe_css } from './safe_html';

const bytes = (lines: string[]) => new TextEncoder().encode(lines.join('\r\n')).buffer;

describe('an e-mail', () => {
  it('is read with its head, its parts and what it carries', async () => {
    const mail = await read_mail(
      bytes([
        'From: =?utf-8?q?J=C3=BCrgen?= <j@example.com>',
        'To: Anna <a@example.com>, b@example.com',
        'Subject: =?utf-8?b?R3LDvMOfZQ==?=',
        'Date: Mon, 02 Mar 2026 09:00:00 +0100',
        'Content-Type: multipart/mixed; boundary=x',
        '',
        '--x',
        'Content-Type: text/html; charset=iso-8859-1',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        '<p>Gr=FC=DFe</p>',
        '--x',
        'Content-Type: image/png',
        'Content-ID: <logo@x>',
        'Content-Transfer-Encoding: base64',
        '',
        'AAEC',
        '--x',
        'Content-Type: application/pdf',
        'Content-Disposition: attachment; filename="bill.pdf"',
        '',
        '%PDF',
        '--x--',
        '',
      ]),
    );
    expect(mail).toMatchObject({
      subject: 'Grüße',
      from: 'Jürgen <j@example.com>',
      to: 'Anna <a@example.com>, b@example.com',
      date: '2026-03-02T08:00:00.000Z',
      files: ['bill.pdf'],
    });
    expect(mail.html).toContain('<p>Grüße</p>');
    expect([...mail.pictures]).toEqual([['logo@x', 'data:image/png;base64,AAEC']]);
  });

  it('is refused where it is nested without end', async () => {
    const open = Array.from({ length: 40 }, (_, i) => [
      `Content-Type: multipart/mixed; boundary=b${i}`,
      '',
      `--b${i}`,
    ]);
    await expect(read_mail(bytes(open.flat()))).rejects.toThrow();
  });
});

describe('styles', () => {
  it.each([
    ['color: red; margin: 0', 'color: red; margin: 0'],
    ['background: url(https://x/a.png) red', 'background: none red'],
    ['@import "https://x/a.css"; p { color: red }', ' p { color: red }'],
    ['p { color: /* why */ red }', 'p { color:  red }'],
    ['@font-face { src: url(x) }', '@font-face { src: none }'],
    ['background: u\\72l(x)', ''],
    ['background: url(x', ''],
    ['background: image-set("https://x/a.png" 1x)', ''],
    ['width: expression(alert(1))', ''],
  ])('%s', (css, safe) => {
    expect(safe_css(css)).toBe(safe);
  });
});
