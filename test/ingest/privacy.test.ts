import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { truncateAddress, truncateRejection } from '../../src/ingest/privacy.ts';

it.each([
  ['203.0.113.97', '203.0.113.0'],
  ['::ffff:203.0.113.97', '203.0.113.0'],
  ['2001:db8:a:b::9', '2001:db8:a::'],
  ['2001:0DB8:000a:1:2:3:4:5', '2001:db8:a::'],
  ['2001:db8::1', '2001:db8::'],
  ['fe80::1%eth0', 'fe80::'],
  ['::1', '::'],
  ['2001::ffff:1:2:3:4:5', '2001:0:ffff::'],
  ['Acme CRM', 'Acme CRM'],
  ['1.2.3', '1.2.3'],
  ['10:30', '10:30'],
])('%s is kept as %s', (address, kept) => expect(truncateAddress(address)).toBe(kept));

it('an address stays one, and is not shortened further', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const once = truncateAddress(address);
      expect(isIP(once)).toBeGreaterThan(0);
      expect(truncateAddress(once)).toBe(once);
    }),
  );
});

it('what is kept of a rejected event holds none whole', () => {
  const kept = truncateRejection({
    index: 3,
    error: 'client is "198.51.100.7": too long',
    excerpt: 'ip: "198.51.100.7", from: "[2001:db8:5:6::7]:443", time: "2026-11-20T10:30:00Z", route: "/v1.2/orders"',
  });
  expect(kept).toEqual({
    index: 3,
    error: 'client is "198.51.100.0": too long',
    excerpt: 'ip: "198.51.100.0", from: "[2001:db8:5::]:443", time: "2026-11-20T10:30:00Z", route: "/v1.2/orders"',
  });
});
