import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toRoute } from '../../src/ingest/event-fields.ts';

it.each([
  ['https://api.example.com:8443/v1/orders/42?page=2#top', '/v1/orders/{id}'],
  ['http://user:pw@host/a', '/a'],
  ['//host/a/b', '/a/b'],
  ['https://host', '/'],
  ['https://host?x=/1/2', '/'],
  ['', '/'],
  ['/', '/'],
  ['?a=b', '/'],
  ['/v1/orders/', '/v1/orders/'],
  ['/v1//orders/7', '/v1//orders/{id}'],
  ['orders/7', 'orders/{id}'],
  ['/a/https://host/b', '/a/https://host/b'],
  ['*', '*'],
  ['/u/123e4567-e89b-12d3-a456-426614174000', '/u/{id}'],
  ['/u/123E4567-E89B-12D3-A456-426614174000/x', '/u/{id}/x'],
  ['/c/deadbeefdeadbeef', '/c/{id}'],
  ['/c/deadbeefdeadbee', '/c/deadbeefdeadbee'],
  ['/t/abcdefghij0123456789', '/t/{id}'],
  ['/t/abcdefghij012345678', '/t/abcdefghij012345678'],
  ['/t/abcdefghijklmnopqrstu', '/t/abcdefghijklmnopqrstu'],
  ['/t/kibana-dashboard3.png', '/t/{id}'],
  ['/v2', '/v2'],
  ['/a%2F42/%7Bid%7D', '/a%2F42/%7Bid%7D'],
  ['/12a', '/12a'],
  ['/١٢٣', '/١٢٣'],
])('the route of %s is %s', (url, route) => {
  expect(toRoute(url)).toBe(route);
});

it('takes a source’s own patterns, for that source alone', () => {
  expect(toRoute('/o/ord_7x/INV-1', ['ord_*', 'INV-*'])).toBe('/o/{id}/{id}');
  expect(toRoute('/o/ord_7x/INV-1')).toBe('/o/ord_7x/INV-1');
});

it('is its own route, has no query and as many segments as the path, whatever is sent', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string({ unit: 'binary' })),
      (url) => {
        const route = toRoute(url);
        expect(toRoute(url)).toBe(route);
        expect(route).not.toMatch(/[?#]/);
      },
    ),
  );
});

it('takes a path of a million characters in its stride', () => {
  expect(toRoute(`/${'a1'.repeat(500_000)}`)).toBe('/{id}');
  expect(toRoute('/1'.repeat(100_000))).toBe('/{id}'.repeat(100_000));
  expect(toRoute(`/${'-'.repeat(500_000)}`, ['*-*-*-*x'])).toHaveLength(500_001);
});
