/**
 * Seeded events with the shapes that make metering hard: 500 clients and 300 routes by Zipf's law, 5,000 users, 20,000
 * addresses, 9 statuses, random ids.
 */
export interface BenchEvent {
  id: string;
  time: string;
  client: string;
  method: string;
  route: string;
  status: number;
  user: string;
  ip: string;
  module: string;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const STATUSES = [200, 200, 200, 201, 304, 400, 404, 429, 503];

export function createEventSource(seed: number): (timeMs: number) => BenchEvent {
  let state = seed | 0;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 0x1_0000_0000;
  };
  const zipf = (values: number): number => Math.min(values - 1, Math.floor(values ** random() - 1));
  const word = (): string =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return (timeMs) => {
    const route = zipf(300);
    return {
      id: `${word()}-${word()}-${word()}-${word()}`,
      time: new Date(timeMs).toISOString(),
      client: `client-${zipf(500)}`,
      method: METHODS[zipf(METHODS.length)]!,
      route: `/v1/resource-${route}/{id}`,
      status: STATUSES[zipf(STATUSES.length)]!,
      user: `user-${Math.floor(random() * 5000)}`,
      ip: `10.${Math.floor(random() * 20)}.${Math.floor(random() * 10)}.${Math.floor(random() * 100)}`,
      module: `module-${route % 20}`,
    };
  };
}
