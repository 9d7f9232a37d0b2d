// An unmodified Segment client for Node against a tracking server: node node-client.mjs ADDRESS KEY
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey, flushAt: 5, maxRetries: 3 });
const failures = [];
analytics.on("error", (error) => failures.push(String(error.reason ?? error.code ?? error)));
let delivered = 0;
const seen = (error) => (error ? failures.push(String(error)) : delivered++);
analytics.identify({ userId: "node-user", anonymousId: "node-visitor", traits: { email: "node@example.org", plan: "gold" } }, seen);
analytics.track({ userId: "node-user", event: "Product Viewed", properties: { product_id: "kettle", price: 24.9, currency: "EUR" } }, seen);
analytics.track({ userId: "node-user", event: "Product Added", properties: { product_id: "kettle", quantity: 2, price: 24.9, currency: "EUR" } }, seen);
analytics.page({ anonymousId: "node-visitor", name: "Home", properties: { url: "https://shop.example/" } }, seen);
analytics.screen({ anonymousId: "node-visitor", name: "Start" }, seen);
analytics.group({ userId: "node-user", groupId: "acme", traits: { name: "ACME" } }, seen);
analytics.alias({ userId: "node-user", previousId: "node-visitor" }, seen);
await analytics.closeAndFlush();
console.log(JSON.stringify({ delivered, failures }));
process.exit(failures.length === 0 && delivered === 7 ? 0 : 1);
