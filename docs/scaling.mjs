// What each part of a cluster carries, by simulation: organizations of very different sizes, their sockets put on
// nodes by chance or by workspace, and what that makes of deliveries, of Redis and of the comparing of heads.
//
//   node docs/scaling.mjs [SOCKETS MESSAGES_PER_SECOND]
//
// Costs are those that were measured (docs/performance.md, docs/scaling.md says which); nothing here is measured.

const SOCKETS_A_NODE = 40_000;
const SOCKET_BYTES = 16 * 1024; // 5,213 of the hub, the rest for the kernel and what is in flight
const DELIVERY_US = 9.72; // one frame a write, 5,000 sockets
const PUBLISH_US = 208; // the log's share of one message that commits alone
const ROW_US = 1e6 / 52_814; // a row in a batch of 128 on PostgreSQL
const HEAD_US = 6.8; // a room in a comparison of 5,000 heads
const REDIS_DELIVERIES = 650_000; // a second, one instance, as Centrifugo published
const ENTRY_US = 1.53; // HSET of 400 bytes, in round trips of 100
const EXPIRE_US = 1.84; // PEXPIRE, the same
const UPKEEP_SECONDS = 2; // how often a node keeps in Redis what it shares of its members and connections
const TEAM = 10; // members of a room, beside the one that everybody of an organization is in
const LOBBY_SHARE = 0.01; // of messages, said to all of an organization

/** Numbers by chance, the same at each run. */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Sizes of organizations: most are small, a few have thousands (Pareto, from 10 to 20,000). */
function organizations(sockets, random) {
  const sizes = [];
  for (let left = sockets; left > 0; left -= sizes.at(-1)) {
    const size = Math.min(20_000, Math.ceil(10 / (1 - random()) ** (1 / 1.1)));
    sizes.push(Math.min(size, left));
  }
  return sizes;
}

/** What a placement of sockets makes of everything. `affinity`: those of a workspace on as few nodes as hold them. */
function simulate(sockets, messages, affinity) {
  const random = chance(7);
  const nodes = Math.max(2, Math.ceil(sockets / SOCKETS_A_NODE));
  const rate = messages / sockets; // of one socket
  const load = new Float64Array(nodes);
  let [rooms, subscriptions, deliveries, told, largest] = [0, 0, 0, 0, 0];
  for (const size of organizations(sockets, random)) {
    largest = Math.max(largest, size);
    let home = Math.floor(random() * nodes);
    const everywhere = new Set();
    for (let first = 0; first < size; first += TEAM) {
      const members = Math.min(TEAM, size - first);
      const here = new Set();
      for (let n = 0; n < members; n++) {
        if (affinity && load[home] >= SOCKETS_A_NODE) home = (home + 1) % nodes;
        const node = affinity ? home : Math.floor(random() * nodes);
        load[node]++;
        here.add(node);
        everywhere.add(node);
      }
      const said = members * rate * (1 - LOBBY_SHARE);
      rooms++;
      subscriptions += here.size;
      deliveries += said * members;
      told += said * here.size;
    }
    const said = size * rate * LOBBY_SHARE;
    rooms++;
    subscriptions += everywhere.size;
    deliveries += said * size;
    told += said * everywhere.size;
  }
  return { sockets, messages, affinity, nodes, rooms, subscriptions, deliveries, told, largest };
}

function row(found) {
  const { nodes, sockets, messages, subscriptions, deliveries, told } = found;
  // Every room of a node is kept from ending; a connection is written when its counters have changed.
  const changed = sockets * (1 - Math.exp((-UPKEEP_SECONDS * (deliveries + messages)) / sockets));
  const upkeep = (subscriptions * EXPIRE_US + changed * ENTRY_US) / UPKEEP_SECONDS / 1e6;
  const one = (value) => value.toFixed(1);
  const many = (value) => Math.round(value).toLocaleString("en-US");
  return [
    many(sockets),
    many(messages),
    found.affinity ? "by workspace" : "by chance",
    nodes,
    one((SOCKETS_A_NODE * SOCKET_BYTES) / 2 ** 30),
    many(deliveries),
    one((deliveries * DELIVERY_US + messages * PUBLISH_US) / 1e6 / nodes),
    many(told),
    one(told / REDIS_DELIVERIES),
    one(upkeep),
    many(subscriptions / nodes),
    one((messages * ROW_US) / 1e6),
    one((subscriptions * HEAD_US) / 1e6),
    one((4 * subscriptions * HEAD_US) / 1e6),
  ];
}

const given = process.argv.slice(2).map(Number);
const loads = given.length === 2 ? [given] : [[10_000, 1_000], [100_000, 10_000], [1_000_000, 100_000]];
const heads = ["sockets", "messages/s", "placed", "nodes", "GiB a node", "deliveries/s", "cores a node", "told by Redis/s"];
heads.push("Redis, events", "Redis, upkeep", "rooms a node", "writers' s/s", "heads s/s", "heads s/s, Redis away");
console.log(`| ${heads.join(" | ")} |\n|${" --- |".repeat(heads.length)}`);
for (const [sockets, messages] of loads) {
  for (const affinity of [false, true]) console.log(`| ${row(simulate(sockets, messages, affinity)).join(" | ")} |`);
}
