import { linkCode } from '../../../../dashboard/src/operator/consumers/link-code.ts';

describe('the code that makes a portal link', () => {
  const link = { consumer: "o'neil", capabilities: ['view' as const], expiresIn: '1m' };

  test('is quoted for the shell', () => {
    expect(linkCode('https://p.example', link, 'curl')).toContain(`{"consumer":"o'\\''neil"`);
  });

  test('is TypeScript and Python', () => {
    expect(linkCode('', link, 'TypeScript')).toContain('create({\n  consumer: "o\'neil",\n  capabilities: [');
    expect(linkCode('', link, 'Python')).toContain('    consumer="o\'neil",\n    capabilities=["view"],');
  });
});
